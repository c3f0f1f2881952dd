#include "server/tools/work_item_draft.hpp"

#include "ado/markdown.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/assignee.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/name_hints.hpp"
#include "server/tools/work_item_checks.hpp"

#include <algorithm>
#include <array>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::array<std::string_view, 4> kLongTexts = {
    kDescription, kReproSteps, "Microsoft.VSTS.TCM.SystemInfo", "Microsoft.VSTS.Common.AcceptanceCriteria"};

core::Error unknown_field(std::string const& name, TypeFacts const& facts) {
    return wrong_argument("`" + clean_line(name) + "` in `fields` is no field of this type.",
                          nearest_fields(facts, name));
}

/// The reference name of a field that was given by the name people see.
Task<Result<std::string>> reference_name(WantedField const& wanted,
                                         std::string const& project,
                                         std::string const& type,
                                         WorkItemMetadata& metadata,
                                         CallScope const& scope) {
    core::SteadyTime const asked = metadata.now();
    Result<KnownFacts> facts = co_await metadata.facts(scope, project, type, core::SteadyTime::min());
    if (facts && (*facts)->find(wanted.name) == nullptr && (*facts)->fetched_at < asked) {
        facts = co_await metadata.facts(scope, project, type, asked);
    }
    if (!facts) {
        UsedNames used(project, {});
        used.type = type;
        core::Error error = co_await with_names_there(facts.error(), used, scope);
        co_return core::fail(std::move(error));
    }
    ado::FieldRule const* const rule = (*facts)->find(wanted.name);
    if (rule == nullptr) {
        co_return core::fail(unknown_field(wanted.name, **facts));
    }
    co_return rule->reference_name;
}

} // namespace

Task<Result<ResolvedArguments>> resolve_arguments(WorkItemArguments const& arguments,
                                                  std::string const& project,
                                                  std::string const& type,
                                                  WorkItemMetadata& metadata,
                                                  CallScope const& scope) {
    ResolvedArguments out;
    for (WantedField const& wanted : arguments.fields) {
        std::string name = wanted.name;
        if (!wanted.is_reference) {
            CO_TRY(name, co_await reference_name(wanted, project, type, metadata, scope));
            bool const twice = std::any_of(out.fields.begin(), out.fields.end(), [&name](auto const& other) {
                return core::iequals(other.first, name);
            });
            if (twice || has_own_argument(arguments, name)) {
                co_return core::fail(wrong_argument("`fields` must not hold " + wanted.name + ".",
                                                    "Give it once, by its own argument."));
            }
        }
        out.fields.emplace_back(std::move(name), wanted.value);
    }
    if (arguments.assigned_to) {
        CO_TRY(out.assigned_to, co_await resolve_assignee(*arguments.assigned_to, scope));
    }
    ItemLinks links = co_await resolve_links(arguments.links, metadata, scope);
    out.links = std::move(links.links);
    out.notes = std::move(links.notes);
    co_return out;
}

TextForm text_form(TypeFacts const* facts, std::string_view type, bool html) {
    TextForm form;
    form.html = html;
    bool repro_steps = core::iequals(type, "Bug");
    if (facts != nullptr && !facts->rules.empty()) {
        bool const has_description = facts->find(kDescription) != nullptr;
        bool const has_repro_steps = facts->find(kReproSteps) != nullptr;
        // Whether a type that has both shows both, only its name says.
        if (has_description || has_repro_steps) {
            repro_steps = has_repro_steps && (repro_steps || !has_description);
        }
    }
    form.description_field = repro_steps ? kReproSteps : kDescription;
    return form;
}

bool is_long_text(std::string_view reference_name) {
    return std::any_of(kLongTexts.begin(), kLongTexts.end(), [reference_name](std::string_view field) {
        return core::iequals(field, reference_name);
    });
}

void put_text(ado::WorkItemPatch& patch, std::string_view field, std::string_view markdown, bool html) {
    if (html) {
        patch.set_text(field, ado::markdown_to_html(markdown), ado::TextFormat::html);
    } else if (markdown.empty()) {
        patch.set(field, std::string_view());
    } else {
        patch.set_text(field, markdown, ado::TextFormat::markdown);
    }
}

void put_field(ado::WorkItemPatch& patch, std::string const& field, Json const& value, bool html) {
    bool const text = value.is_string() && is_long_text(field);
    if (!text) {
        patch.set_value(field, value);
        return;
    }
    auto const& words = value.get_ref<std::string const&>();
    std::size_t const first = words.find_first_not_of(" \t\r\n");
    bool const is_html = first != std::string::npos && words[first] == '<';
    if (is_html) {
        patch.set(field, words);
    } else {
        put_text(patch, field, words, html);
    }
}

bool refuses_markdown(core::Error const& error) {
    return error.status() == 400 &&
           core::to_lower_ascii(error.message()).find("multilinefieldsformat") != std::string::npos;
}

} // namespace server
