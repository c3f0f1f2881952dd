#include "integration/faults_rows.hpp"

#include "integration/support/http.hpp"

#include <stdexcept>
#include <utility>

namespace test {
namespace {

constexpr char kWiki[] = "Game Engine.wiki";

Json in_project(Json more) {
    Json arguments = {{"project", "Game Engine"}};
    arguments.update(more);
    return arguments;
}

Json in_repository(Json more) {
    Json arguments = in_project({{"repository", "engine"}});
    arguments.update(more);
    return arguments;
}

Json post(Simulator& simulator, std::string const& path, std::string const& type, Json const& body) {
    core::HttpRequest request = make_request(simulator.url() + path, core::dump_json(body), type);
    request.credential = core::Secret(simulator.pat("contoso", "full"));
    request.auth_scheme = core::AuthScheme::basic;
    auto const answer = Http(simulator.ca_file()).send(std::move(request));
    if (!answer || answer->status != 200) {
        throw std::runtime_error("the simulator made nothing of " + path + ": " +
                                 (answer ? answer->body : core::describe(answer.error())));
    }
    return Json::parse(answer->body);
}

/// An item with a comment, filed past the daemon.
std::int64_t make_work_item(Simulator& simulator, char const* called = "There before") {
    Json const title = {{"op", "add"}, {"path", "/fields/System.Title"}, {"value", called}};
    Json const item = post(simulator,
                           "/contoso/Game%20Engine/_apis/wit/workitems/$Task?api-version=7.1",
                           "application/json-patch+json",
                           Json::array({title}));
    auto const id = item.at("id").get<std::int64_t>();
    post(simulator,
         "/contoso/Game%20Engine/_apis/wit/workItems/" + std::to_string(id) +
             "/comments?api-version=7.1-preview.4",
         "application/json",
         Json{{"text", "Seen before"}});
    return id;
}

} // namespace

// Rows do not see each other: what one files, no other may find.
// A tool gets a row for each kind of request it sends: the tool, the simulator's route of the request, what
// the request is to the call, the arguments that make it. A write names the title it files under, if it files
// anything. A tool that needs more than a connector (a knowledge source, say) gets it in the configuration
// that faults_matrix_test.cpp writes.
std::vector<FaultRow> fault_rows(Simulator& simulator) {
    std::int64_t const item = make_work_item(simulator);
    std::int64_t const changed = make_work_item(simulator, "To be changed");
    std::int64_t const commented = make_work_item(simulator, "To be commented on");
    std::int64_t const looked_at = make_work_item(simulator, "Read before it is written");
    std::string const filed = "Filed under a fault";
    std::string const checked = "Checked under a fault";
    Json const search = in_project({{"query", "reconnect_backoff"}, {"top", 2}});
    Json const nothing_found = in_repository({{"query", "no_such_word_anywhere"}});
    return {
        {"search_code", "codesearchresults", Part::reads, search},
        {"search_code", "items", Part::adds, search, 2},
        {"search_code", "searchstatus", Part::adds, nothing_found},
        {"read_file", "items", Part::reads, in_repository({{"path", "/README.md"}})},
        {"list_files", "items", Part::reads, in_repository({{"path", "/"}})},
        {"list_files", "trees", Part::adds, in_repository({{"path", "/"}, {"sizes", true}})},
        {"list_projects", "projects", Part::reads, Json::object()},
        {"list_repositories", "repositories", Part::reads, in_project(Json::object())},
        {"list_commits", "commits", Part::reads, in_repository({{"top", 3}})},
        {"search_work_items", "wiql", Part::reads, in_project({{"text", "reconnect"}, {"top", 3}})},
        {"search_work_items", "workitemsbatch", Part::reads, in_project({{"text", "reconnect"}, {"top", 3}})},
        {"get_work_item", "workitems.get", Part::reads, {{"id", item}}},
        {"get_work_item", "comments", Part::adds, {{"id", item}, {"include", {"comments"}}}},
        {"describe_work_item_type", "workitemtypes", Part::reads, in_project(Json::object())},
        {"describe_work_item_type", "typefields", Part::reads, in_project({{"type", "Bug"}})},
        {"describe_work_item_type", "classificationnodes", Part::adds, in_project({{"type", "Bug"}})},
        {"create_work_item", "workitems.create", Part::writes, in_project({{"title", filed}}), 1, filed},
        {"create_work_item",
         "workitems.create",
         Part::reads,
         in_project({{"title", checked}, {"validate_only", true}})},
        {"update_work_item", "workitems.get", Part::prepares, {{"id", looked_at}, {"title", "As it was"}}},
        {"update_work_item", "workitems.update", Part::updates, {{"id", changed}, {"title", "Changed"}}},
        {"add_work_item_comment", "workitems.get", Part::prepares, {{"id", looked_at}, {"text", "Once"}}},
        {"add_work_item_comment", "comments.add", Part::writes, {{"id", commented}, {"text", "Once only"}}},
        {"search_wiki", "wikisearchresults", Part::reads, {{"query", "pager"}}},
        {"read_wiki_page", "wikipage", Part::reads, {{"wiki", kWiki}, {"path", "/Home"}}},
        {"list_organizations", "", Part::none, Json::object()},
    };
}

} // namespace test
