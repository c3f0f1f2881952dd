#include "server/tools/work_item_change.hpp"

#include "ado/markdown.hpp"
#include "ado/web_links.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace server {

namespace {

using core::Json;

constexpr std::size_t kShownBytes = 120;

std::string shown(std::string_view text) {
    return text.empty() ? "(empty)" : shorten_text(clean_line(text), kShownBytes);
}

std::string text_of(Json const& value) {
    if (value.is_null()) {
        return {};
    }
    return value.is_string() ? value.get<std::string>() : core::dump_json(value);
}

/// An identity as it is named in an update: by account, by `Name <account>`, by its name.
bool is_person(ado::WorkItem const& item, std::string_view wanted) {
    Json const* const value = core::find(item.fields, "System.AssignedTo");
    if (value == nullptr || value->is_null()) {
        return wanted.empty();
    }
    std::string_view const account = core::find_string(*value, "uniqueName").value_or(std::string_view());
    std::string const name = item.field("System.AssignedTo");
    std::string const both = name + " <" + std::string(account) + ">";
    return core::iequals(account, wanted) || core::iequals(both, wanted) ||
           (account.empty() && core::iequals(name, wanted));
}

/// The last part of a work item's REST address.
std::optional<std::int64_t> id_in(std::string_view url) {
    std::string_view const last = url.substr(url.rfind('/') + 1);
    std::int64_t id = 0;
    auto const [end, problem] = std::from_chars(last.data(), last.data() + last.size(), id);
    return problem == std::errc() && end == last.data() + last.size() ? std::optional(id) : std::nullopt;
}

class Builder {
public:
    Builder(ado::WorkItem const& item, TextForm const& form, ado::Organization const& organization)
        : item_(item), form_(form), organization_(organization) {}

    WorkItemChange build(WorkItemArguments const& wanted, ResolvedArguments const& resolved) {
        line("title", "System.Title", wanted.title);
        text("description", form_.description_field, wanted.description);
        line("state", "System.State", wanted.state);
        line("area_path", "System.AreaPath", wanted.area_path);
        line("iteration_path", "System.IterationPath", wanted.iteration_path);
        if (wanted.priority) {
            value("priority", std::string(kPriority), *wanted.priority);
        }
        line("severity", kSeverity, wanted.severity);
        if (wanted.assigned_to && !is_person(item_, resolved.assigned_to)) {
            note("assigned_to", item_.field("System.AssignedTo"), resolved.assigned_to);
            change_.patch.set("System.AssignedTo", resolved.assigned_to);
        }
        tags(wanted.tags);
        for (auto const& [field, wanted_value] : resolved.fields) {
            value(field, field, wanted_value);
        }
        bool const fields_changed = !change_.changed.empty();
        if (wanted.parent_id) {
            parent(*wanted.parent_id);
        }
        for (ItemLink const& link : resolved.links) {
            add(link);
        }
        change_.only_links = !fields_changed && !change_.changed.empty();
        return std::move(change_);
    }

private:
    void note(std::string const& name, std::string_view from, std::string_view to) {
        change_.changed.push_back(name);
        change_.described.push_back(name + ": " + shown(from) + " -> " + shown(to));
    }

    void line(char const* name, std::string_view field, std::optional<std::string> const& wanted) {
        if (!wanted) {
            return;
        }
        std::string const now = item_.field(field);
        if (now != *wanted) {
            note(name, now, *wanted);
            change_.patch.set(field, *wanted);
        }
    }

    /// True when the field holds this Markdown already.
    bool holds(std::string_view field, std::string const& markdown) const {
        std::string const now = item_.field(field);
        if (form_.html || markdown.empty()) {
            return now == (form_.html ? ado::markdown_to_html(markdown) : markdown);
        }
        bool const is_markdown = core::find_string(item_.formats, field) == "markdown";
        return is_markdown && now == ado::escape_markdown_field(markdown);
    }

    void text(std::string const& name, std::string const& field, std::optional<std::string> const& wanted) {
        if (wanted && !holds(field, *wanted)) {
            change_.changed.push_back(name);
            change_.described.push_back(name + ": " + shown(*wanted));
            put_text(change_.patch, field, *wanted, form_.html);
        }
    }

    void value(std::string const& name, std::string const& field, Json const& wanted) {
        std::string const now = item_.field(field);
        std::string const then = text_of(wanted);
        if (is_long_text(field) && wanted.is_string()) {
            if (!holds(field, then) && now != then) {
                change_.changed.push_back(name);
                change_.described.push_back(name + ": " + shown(then));
                put_field(change_.patch, field, wanted, form_.html);
            }
            return;
        }
        if (now == then) {
            return;
        }
        note(name, now, then);
        if (wanted.is_null()) {
            change_.patch.clear(field);
        } else {
            change_.patch.set_value(field, wanted);
        }
    }

    void tags(std::vector<std::string> const& wanted) {
        std::vector<std::string> const merged = merged_tags(item_, wanted);
        std::string joined;
        for (std::string const& tag : merged) {
            joined += (joined.empty() ? "" : "; ") + tag;
        }
        std::string const now = item_.field("System.Tags");
        if (wanted.empty() || joined == now) {
            return;
        }
        note("tags", now, joined);
        change_.patch.set_tags(merged);
        change_.needs_same_revision = true;
    }

    void parent(std::int64_t wanted) {
        std::string from;
        std::vector<std::size_t> others;
        bool there = false;
        for (std::size_t i = 0; i < item_.relations.size(); ++i) {
            Json const& relation = item_.relations[i];
            if (core::find_string(relation, "rel") != kParentLink) {
                continue;
            }
            auto const id = id_in(core::find_string(relation, "url").value_or(std::string_view()));
            there = there || (id && *id == wanted);
            if (!id || *id != wanted) {
                others.push_back(i);
                from = id ? std::to_string(*id) : "?";
            }
        }
        if (others.empty() && (there || wanted == 0)) {
            return;
        }
        note("parent_id", from, wanted == 0 ? std::string() : std::to_string(wanted));
        for (auto index = others.rbegin(); index != others.rend(); ++index) {
            change_.patch.remove_relation(*index);
            change_.needs_same_revision = true;
            change_.removes_links = true;
        }
        if (wanted != 0 && !there) {
            change_.patch.add_relation(kParentLink, ado::work_item_api_url(organization_, wanted), "");
        }
    }

    bool has(ItemLink const& link) const {
        bool const to_item = link.rel.starts_with("System.LinkTypes.");
        return std::any_of(item_.relations.begin(), item_.relations.end(), [&](Json const& relation) {
            std::string_view const url = core::find_string(relation, "url").value_or(std::string_view());
            bool const same_kind = core::find_string(relation, "rel") == link.rel;
            return same_kind && (to_item ? id_in(url) == id_in(link.url) : core::iequals(url, link.url));
        });
    }

    void add(ItemLink const& link) {
        if (has(link)) {
            return;
        }
        if (std::find(change_.changed.begin(), change_.changed.end(), "links") == change_.changed.end()) {
            change_.changed.emplace_back("links");
        }
        change_.described.push_back("link: " + shown(link.url));
        add_link(change_.patch, link);
    }

    ado::WorkItem const& item_;
    TextForm const& form_;
    ado::Organization const& organization_;
    WorkItemChange change_;
};

} // namespace

std::vector<std::string> lost_links(ado::WorkItem const& before, ado::WorkItem const& now) {
    std::vector<std::string> lost;
    for (Json const& link : before.relations) {
        auto const rel = core::find_string(link, "rel");
        auto const url = core::find_string(link, "url");
        bool const there = std::any_of(now.relations.begin(), now.relations.end(), [&](Json const& other) {
            return core::find_string(other, "rel") == rel && core::find_string(other, "url") == url;
        });
        if (rel != kParentLink && url && !there) {
            lost.push_back(shown(*url));
        }
    }
    return lost;
}

std::vector<std::string> merged_tags(ado::WorkItem const& item, std::vector<std::string> const& wanted) {
    std::vector<std::string> tags;
    std::string const now = item.field("System.Tags");
    std::string_view rest = now;
    while (!rest.empty()) {
        std::string_view tag = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(tag.size() + 1, rest.size()));
        tag.remove_prefix(std::min(tag.find_first_not_of(' '), tag.size()));
        if (!tag.empty()) {
            tags.emplace_back(tag);
        }
    }
    for (std::string const& tag : wanted) {
        bool const away = tag.size() > 1 && tag.front() == '-';
        std::string const name = away ? tag.substr(1) : tag;
        auto const is_it = [folded = fold_case(name)](std::string const& other) {
            return fold_case(other) == folded;
        };
        auto const found = std::find_if(tags.begin(), tags.end(), is_it);
        if (away && found != tags.end()) {
            tags.erase(found);
        } else if (!away && found == tags.end()) {
            tags.push_back(name);
        }
    }
    return tags;
}

WorkItemChange work_item_change(ado::WorkItem const& item,
                                WorkItemArguments const& arguments,
                                ResolvedArguments const& resolved,
                                TextForm const& form,
                                ado::Organization const& organization) {
    return Builder(item, form, organization).build(arguments, resolved);
}

} // namespace server
