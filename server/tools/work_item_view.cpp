#include "server/tools/work_item_view.hpp"

#include "ado/web_links.hpp"
#include "core/http/http_message.hpp"
#include "protocol/schema.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/html_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace server {

namespace {

using core::Json;

constexpr std::size_t kLineBytes = 400;
constexpr std::size_t kHtmlBytes = 512U * 1024; ///< converted at most: more never fits an answer
constexpr std::size_t kShortestCut = 120;

/// Shown in the head, or the service's own bookkeeping.
constexpr std::array<std::string_view, 28> kNotListed = {"System.Id",
                                                         "System.Rev",
                                                         "System.TeamProject",
                                                         "System.WorkItemType",
                                                         "System.Title",
                                                         "System.State",
                                                         "System.AssignedTo",
                                                         "System.AreaPath",
                                                         "System.IterationPath",
                                                         "System.Tags",
                                                         "System.CreatedDate",
                                                         "System.CreatedBy",
                                                         "System.ChangedDate",
                                                         "System.ChangedBy",
                                                         "System.Parent",
                                                         "System.CommentCount",
                                                         "System.AreaId",
                                                         "System.IterationId",
                                                         "System.NodeName",
                                                         "System.AuthorizedDate",
                                                         "System.AuthorizedAs",
                                                         "System.RevisedDate",
                                                         "System.Watermark",
                                                         "System.PersonId",
                                                         "System.BoardColumn",
                                                         "System.BoardColumnDone",
                                                         "System.BoardLane",
                                                         "Microsoft.VSTS.Common.StackRank"};
constexpr std::array<std::string_view, 6> kHtmlFields = {"System.Description",
                                                         "System.History",
                                                         "Microsoft.VSTS.TCM.ReproSteps",
                                                         "Microsoft.VSTS.TCM.SystemInfo",
                                                         "Microsoft.VSTS.Common.AcceptanceCriteria",
                                                         "Microsoft.VSTS.Common.Resolution"};

bool is_html(std::string_view name, std::string_view text, Json const& formats) {
    if (auto const format = core::find_string(formats, name)) {
        return !core::iequals(*format, "markdown");
    }
    if (std::find(kHtmlFields.begin(), kHtmlFields.end(), name) != kHtmlFields.end()) {
        return true;
    }
    // Custom HTML fields come wrapped in an element.
    return text.size() > 2 && text.front() == '<' && text.back() == '>';
}

std::string readable(std::string_view text, bool html) {
    text = text.substr(0, kHtmlBytes);
    std::string shown = clean_text(html ? html_text(text) : std::string(text)).text;
    shown.erase(shown.find_last_not_of(" \n") + 1);
    return shown;
}

/// `assignedto` of `Assigned To` and of `System.AssignedTo`.
std::string folded_name(std::string_view name) {
    std::string folded = fold_case(name.substr(name.rfind('.') + 1));
    std::erase(folded, ' ');
    return folded;
}

bool is_meant(std::string_view wanted, std::string_view reference_name) {
    if (wanted.find('.') != std::string_view::npos) {
        return core::iequals(wanted, reference_name);
    }
    return folded_name(wanted) == folded_name(reference_name);
}

Json shown_value(std::string const& name, Json const& value, Json const& formats) {
    if (value.is_number() || value.is_boolean()) {
        return value;
    }
    if (!value.is_string()) {
        return field_line(value);
    }
    auto const& text = value.get_ref<std::string const&>();
    return readable(text, is_html(name, text, formats));
}

void note_absent(WorkItemView& view, std::string const& wanted, ado::WorkItem const& item) {
    std::vector<std::string> names;
    for (auto const& [name, value] : item.fields.items()) {
        names.push_back(name.substr(name.rfind('.') + 1));
    }
    std::vector<std::string_view> const candidates(names.begin(), names.end());
    std::string const nearest =
        clean_line(protocol::nearest_name(wanted.substr(wanted.rfind('.') + 1), candidates));
    std::string note = "'" + shorten_text(clean_line(wanted), 80) + "' has no value on this item";
    if (!nearest.empty() && !is_meant(wanted, nearest)) {
        note += "; did you mean '" + shorten_text(nearest, 80) + "'?";
    } else {
        note += ", or is not a field of its type.";
    }
    view.notes.push_back(std::move(note));
}

/// The number at the end of `…/_apis/wit/workItems/41`.
std::optional<std::int64_t> item_of_url(std::string_view url) {
    constexpr std::string_view kItems = "/_apis/wit/workitems/";
    std::string const folded = core::to_lower_ascii(url);
    std::size_t const at = folded.rfind(kItems);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    std::int64_t id = 0;
    char const* const begin = folded.data() + at + kItems.size();
    char const* const end = folded.data() + folded.size();
    auto const read = std::from_chars(begin, end, id);
    return read.ec == std::errc() && read.ptr == end && id > 0 ? std::optional(id) : std::nullopt;
}

std::string text_of(Json const& value) {
    return value.is_string() ? value.get<std::string>() : core::dump_json(value);
}

/// How much of the view an answer shows.
class Extent {
public:
    std::size_t text_bytes = 0; ///< of one text
    std::size_t fields = 0;
    std::size_t relations = 0;
    std::size_t comments = 0;
};

class Writer {
public:
    Writer(WorkItemView view, std::size_t max_bytes) : view_(std::move(view)), max_bytes_(max_bytes) {}

    protocol::ToolResult write() {
        fit_notes();
        Extent extent;
        extent.text_bytes = longest_text();
        extent.fields = view_.fields.size();
        extent.relations = view_.relations.size();
        extent.comments = view_.comments.size();
        if (!fits(extent) && !shorten(extent)) {
            extent = fewer(extent);
            shrink_head(extent);
        }
        return render(extent);
    }

private:
    void fit_notes() {
        std::size_t left = max_bytes_ / 5;
        std::erase_if(view_.notes, [&left](std::string const& note) {
            std::size_t const bytes = json_text_bytes(note) + 3;
            bool const drop = bytes > left;
            left -= drop ? 0 : bytes;
            return drop;
        });
    }

    std::size_t longest_text() const {
        std::size_t longest = kShortestCut;
        for (auto const& [name, value] : view_.fields) {
            longest = std::max(longest, value.is_string() ? value.get_ref<std::string const&>().size() : 0);
        }
        for (Json const& comment : view_.comments) {
            longest = std::max(longest, member_text(comment, "text").size());
        }
        return longest;
    }

    /// The largest cut of the long texts that fits, everything else kept.
    bool shorten(Extent& extent) const {
        Extent tried = extent;
        tried.text_bytes = kShortestCut;
        if (!fits(tried)) {
            return false;
        }
        std::size_t good = kShortestCut;
        std::size_t bad = std::min(extent.text_bytes, max_bytes_ + 1);
        while (bad - good > 16) {
            tried.text_bytes = good + (bad - good) / 2;
            (fits(tried) ? good : bad) = tried.text_bytes;
        }
        extent.text_bytes = good;
        return true;
    }

    /// Short texts, and as many comments and then relations as fit.
    Extent fewer(Extent extent) const {
        extent.text_bytes = kShortestCut;
        for (std::size_t Extent::*const part : {&Extent::comments, &Extent::relations}) {
            std::size_t const all = extent.*part;
            extent.*part = 0;
            if (fits(extent)) {
                std::size_t bad = all + 1;
                while (bad - extent.*part > 1) {
                    Extent tried = extent;
                    tried.*part = extent.*part + (bad - extent.*part) / 2;
                    (fits(tried) ? extent.*part : bad) = tried.*part;
                }
                return extent;
            }
        }
        // Only fields are left: the last ones go.
        while (extent.fields > 0 && !fits(extent)) {
            --extent.fields;
        }
        while (extent.text_bytes > 16 && !fits(extent)) {
            extent.text_bytes /= 2;
        }
        return extent;
    }

    /// What a small budget leaves no room for.
    void shrink_head(Extent const& extent) {
        for (char const* const key : {"tags",
                                      "changed_by",
                                      "created_by",
                                      "created",
                                      "iteration_path",
                                      "area_path",
                                      "assigned_to",
                                      "changed"}) {
            if (!fits(extent)) {
                view_.head.erase(key);
            }
        }
        while (member_text(view_.head, "title").size() > 32 && !fits(extent)) {
            std::string_view const title = member_text(view_.head, "title");
            view_.head["title"] = shorten_text(title, title.size() * 3 / 4);
        }
    }

    bool fits(Extent const& extent) const {
        protocol::ToolResult const result = render(extent);
        return result.text.size() <= max_bytes_ && core::dump_json(result.structured).size() <= max_bytes_;
    }

    static Json cut(Json const& value, std::size_t bytes, bool& any) {
        if (!value.is_string() || value.get_ref<std::string const&>().size() <= bytes) {
            return value;
        }
        any = true;
        return shorten_text(value.get_ref<std::string const&>(), bytes);
    }

    std::vector<std::string> notes_of(Extent const& extent, bool any_cut) const {
        std::vector<std::string> notes = view_.notes;
        if (any_cut) {
            notes.push_back("Long texts were cut to fit max_bytes; ask for one alone with `fields`.");
        }
        if (std::size_t const missing = view_.fields.size() - extent.fields; missing > 0) {
            notes.push_back(count_of(missing, "field was", "fields were") + " left out to fit max_bytes.");
        }
        if (extent.relations < view_.relations.size()) {
            notes.push_back(std::to_string(view_.relations.size() - extent.relations) +
                            " of the relations did not fit max_bytes.");
        }
        if (view_.with_comments && extent.comments < view_.comments_total) {
            notes.push_back("The newest " + std::to_string(extent.comments) + " of " +
                            count_of(view_.comments_total, "comment", "comments") + " are shown.");
        }
        return notes;
    }

    protocol::ToolResult render(Extent const& extent) const {
        bool any_cut = false;
        Json structured = view_.head;
        std::string text = std::string(member_text(structured, "type")) + " " +
                           std::to_string(core::find_int(structured, "id").value_or(0)) + " " +
                           std::string(member_text(structured, "url")) + "\n" + marker_.begin();
        for (auto const& [key, value] : structured.items()) {
            if (key != "id" && key != "url" && key != "type") {
                text += key + ": " + line_of_head(value) + "\n";
            }
        }
        Json fields = Json::object();
        for (std::size_t i = 0; i < extent.fields; ++i) {
            auto const& [name, value] = view_.fields[i];
            Json shown = cut(value, extent.text_bytes, any_cut);
            std::string const line = text_of(shown);
            bool const several = line.find('\n') != std::string::npos;
            text += name + (several ? ":\n" : ": ") + line + "\n";
            fields[name] = std::move(shown);
        }
        structured["fields"] = std::move(fields);
        if (view_.with_relations) {
            structured["relations"] = Json::array();
        }
        for (std::size_t i = 0; i < extent.relations; ++i) {
            text += relation_line(view_.relations[i]);
            structured["relations"].push_back(view_.relations[i]);
        }
        if (view_.with_comments) {
            structured["comments"] = Json::array();
            structured["comments_total"] = view_.comments_total;
        }
        for (std::size_t i = 0; i < extent.comments; ++i) {
            Json comment = view_.comments[i];
            comment["text"] = cut(comment["text"], extent.text_bytes, any_cut);
            text += "comment " + std::to_string(core::find_int(comment, "id").value_or(0)) + " by " +
                    std::string(member_text(comment, "author")) + " " +
                    std::string(member_text(comment, "created")) + ":\n" +
                    std::string(member_text(comment, "text")) + "\n";
            structured["comments"].push_back(std::move(comment));
        }
        text += marker_.end();
        std::vector<std::string> const notes = notes_of(extent, any_cut);
        text += note_lines(notes);
        structured["notes"] = notes;
        return protocol::ToolResult(std::move(text), std::move(structured));
    }

    static std::string line_of_head(Json const& value) {
        if (!value.is_array()) {
            return text_of(value);
        }
        std::string line;
        for (Json const& part : value) {
            line += (line.empty() ? "" : "; ") + text_of(part);
        }
        return line;
    }

    static std::string relation_line(Json const& relation) {
        std::string line = "relation: " + std::string(member_text(relation, "name"));
        if (auto const id = core::find_int(relation, "id")) {
            line += " " + std::to_string(*id);
        }
        line += " " + std::string(member_text(relation, "url"));
        if (std::string_view const comment = member_text(relation, "comment"); !comment.empty()) {
            line += " - " + std::string(comment);
        }
        return line + "\n";
    }

    WorkItemView view_;
    std::size_t max_bytes_;
    ContentMarker marker_;
};

} // namespace

bool is_listed_field(std::string_view name) {
    return std::find(kNotListed.begin(), kNotListed.end(), name) == kNotListed.end() &&
           !name.starts_with("System.AreaLevel") && !name.starts_with("System.IterationLevel") &&
           !name.starts_with("WEF_");
}

std::string field_line(Json const& value) {
    if (value.is_object()) {
        std::string line(member_text(value, "displayName"));
        std::string_view const unique = member_text(value, "uniqueName");
        if (!unique.empty() && unique != line) {
            line += (line.empty() ? "" : " ") + ("<" + std::string(unique) + ">");
        }
        return clean_line(line.empty() ? core::dump_json(value) : line);
    }
    return value.is_null() ? std::string() : clean_line(text_of(value));
}

void add_fields(WorkItemView& view, ado::WorkItem const& item, std::vector<std::string> const& wanted) {
    for (auto const& [name, value] : item.fields.items()) {
        bool const asked =
            std::any_of(wanted.begin(), wanted.end(), [&name = name](std::string const& field) {
                return is_meant(field, name);
            });
        if (value.is_null() || (wanted.empty() ? !is_listed_field(name) : !asked)) {
            continue;
        }
        view.fields.emplace_back(clean_line(name), shown_value(name, value, item.formats));
    }
    for (std::string const& field : wanted) {
        bool found = false;
        for (auto const& [name, value] : item.fields.items()) {
            found = found || (is_meant(field, name) && !value.is_null());
        }
        if (!found) {
            note_absent(view, field, item);
        }
    }
}

void add_relations(WorkItemView& view, ado::WorkItem const& item, ado::Organization const& organization) {
    view.with_relations = true;
    for (Json const& entry : item.relations) {
        Json relation = Json::object();
        std::string_view const rel = member_text(entry, "rel");
        std::string_view const url = member_text(entry, "url");
        Json const* const attributes = core::find_object(entry, "attributes");
        std::string_view const name =
            attributes == nullptr ? std::string_view() : member_text(*attributes, "name");
        put_text(relation, "rel", rel, kLineBytes);
        put_text(relation, "name", name.empty() ? rel : name, kLineBytes);
        if (attributes != nullptr) {
            put_text(relation, "comment", member_text(*attributes, "comment"), kLineBytes);
        }
        std::optional<std::int64_t> const id = item_of_url(url);
        if (id) {
            relation["id"] = *id;
            relation["url"] = ado::work_item_url(organization, {}, *id);
        } else {
            put_text(relation, "url", url);
        }
        view.relations.push_back(std::move(relation));
    }
}

void add_comments(WorkItemView& view, ado::CommentPage const& page) {
    view.with_comments = true;
    view.comments_total = static_cast<std::size_t>(std::max<std::int64_t>(page.total, 0));
    for (ado::Comment const& comment : page.comments) {
        Json shown = Json::object();
        shown["id"] = comment.id;
        put_text(shown, "author", comment.author, kLineBytes);
        put_text(shown, "created", comment.created, 40);
        shown["text"] = readable(comment.text, !comment.is_markdown);
        view.comments.push_back(std::move(shown));
    }
}

protocol::ToolResult make_work_item_answer(WorkItemView view, std::size_t max_bytes) {
    return Writer(std::move(view), max_bytes).write();
}

} // namespace server
