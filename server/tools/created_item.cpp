#include "server/tools/created_item.hpp"

#include "ado/web_links.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/text_essence.hpp"
#include "server/tools/work_item_arguments.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace server {

namespace {

using core::Json;

constexpr std::chrono::minutes kClockSkew{2};
/// Twins of one title within minutes; more than the service reads in one request never matters.
constexpr std::size_t kCandidates = 100;

std::string text_of(Json const& json, std::string_view name) {
    return std::string(core::find_string(json, name).value_or(std::string_view()));
}

} // namespace

Json CreationProbe::to_json() const {
    Json json = Json::object();
    json["project"] = project;
    json["type"] = type;
    json["title"] = title;
    json["text_sha256"] = text_sha256;
    if (!marker.empty()) {
        json["marker"] = marker;
    }
    return json;
}

std::optional<CreationProbe> CreationProbe::read(Json const& json) {
    CreationProbe probe;
    probe.project = text_of(json, "project");
    probe.type = text_of(json, "type");
    probe.title = text_of(json, "title");
    probe.marker = text_of(json, "marker");
    Json const* const digests = core::find_array(json, "text_sha256");
    if (digests == nullptr || probe.project.empty() || probe.type.empty() || probe.title.empty()) {
        return std::nullopt;
    }
    for (Json const& digest : *digests) {
        if (digest.is_string()) {
            probe.text_sha256.push_back(digest.get<std::string>());
        }
    }
    return probe;
}

ado::WiqlQuery created_items_query(CreationProbe const& probe, core::SystemTime since) {
    std::string which = probe.marker.empty() ? " AND [System.WorkItemType] = " + ado::quote_wiql(probe.type) +
                                                   " AND [System.Title] = " + ado::quote_wiql(probe.title)
                                             : " AND [System.Tags] CONTAINS " + ado::quote_wiql(probe.marker);
    ado::WiqlQuery query(
        "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = " + ado::quote_wiql(probe.project) +
        which + " AND [System.CreatedBy] = @Me AND [System.CreatedDate] >= " +
        ado::quote_wiql(core::format_utc(since - kClockSkew)) + " ORDER BY [System.Id] DESC");
    query.project = probe.project;
    query.top = kCandidates;
    query.time_precision = true;
    return query;
}

bool is_item_of(CreationProbe const& probe, ado::WorkItem const& item) {
    if (!probe.marker.empty()) {
        return true; // the query asked for the tag
    }
    if (!core::iequals(item.type, probe.type) || item.title != probe.title) {
        return false;
    }
    // The type says which of the two it was; only one of them was given.
    std::string const fields[] = {item.field(kReproSteps), item.field(kDescription)};
    if (probe.text_sha256.empty()) {
        return std::all_of(std::begin(fields), std::end(fields), [](std::string const& text) {
            return text_essence(text).empty();
        });
    }
    return std::any_of(std::begin(fields), std::end(fields), [&probe](std::string const& text) {
        auto const& digests = probe.text_sha256;
        return std::find(digests.begin(), digests.end(), stored_text_digest(text)) != digests.end();
    });
}

core::Task<core::Result<std::optional<ado::WorkItem>>>
find_created_item(ado::Client const& client,
                  CreationProbe const& probe,
                  core::SystemTime since,
                  std::vector<std::string> const& known,
                  core::CallContext const& ctx) {
    ado::WiqlQuery const query = created_items_query(probe, since);
    CO_TRY(std::vector<std::int64_t> ids, co_await client.query_wiql(query, ctx));
    std::erase_if(ids, [&known](std::int64_t id) {
        return std::find(known.begin(), known.end(), std::to_string(id)) != known.end();
    });
    if (ids.empty()) {
        co_return std::optional<ado::WorkItem>();
    }
    ids.resize(std::min(ids.size(), kCandidates));
    std::vector<std::string> const fields{"System.TeamProject",
                                          "System.WorkItemType",
                                          "System.Title",
                                          "System.State",
                                          std::string(kReproSteps),
                                          std::string(kDescription)};
    CO_TRY(std::vector<ado::WorkItem> items, co_await client.get_work_items(ids, fields, ctx));
    std::sort(items.begin(), items.end(), [](ado::WorkItem const& a, ado::WorkItem const& b) {
        return a.id > b.id;
    });
    for (ado::WorkItem& item : items) {
        if (is_item_of(probe, item)) {
            co_return std::optional<ado::WorkItem>(std::move(item));
        }
    }
    co_return std::optional<ado::WorkItem>();
}

Json describe_created(ado::Organization const& organization,
                      CreationProbe const& probe,
                      ado::WorkItem const& item) {
    std::string const project = item.project.empty() ? probe.project : item.project;
    Json result{{"organization", organization.name()},
                {"project", clean_line(project)},
                {"type", clean_line(item.type.empty() ? probe.type : item.type)},
                {"title", clean_line(item.title.empty() ? probe.title : item.title)},
                {"notes", Json::array()}};
    if (!item.state.empty()) {
        result["state"] = clean_line(item.state);
    }
    if (item.id > 0) {
        result["id"] = item.id;
        result["rev"] = item.rev;
        result["url"] = ado::work_item_url(organization, project, item.id);
    }
    return result;
}

} // namespace server
