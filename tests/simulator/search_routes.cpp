#include "simulator/code_search.hpp"
#include "simulator/content_search.hpp"
#include "simulator/route.hpp"

namespace simulator {
namespace {

Reply repository_status(Call& call) {
    auto* repository = call.project->find_repository(call.param("repository"));
    if (repository == nullptr || repository->is_wiki) {
        return repository_not_found(call.param("repository"));
    }
    call.state.search->catch_up(call.state.now());
    Json branches = Json::array();
    for (auto const* branch : call.state.search->branches(*repository)) {
        branches.push_back({{"name", branch->branch},
                            {"lastIndexedChangeId", branch->commit->id},
                            {"lastProcessedTime", iso_time(branch->processed)}});
    }
    return json_reply({{"id", repository->id}, {"name", repository->name}, {"indexedBranches", branches}});
}

} // namespace

std::vector<Route> search_routes() {
    using S = Service;
    return {
        {S::search, "POST", "search/codesearchresults", "codesearchresults", "vso.code", code_search},
        {S::search, "POST", "search/wikisearchresults", "wikisearchresults", "vso.wiki", wiki_search},
        {S::search,
         "POST",
         "search/workitemsearchresults",
         "workitemsearchresults",
         "vso.work",
         work_item_search},
        Route(S::search,
              "GET",
              "search/status/repositories/{repository}",
              "searchstatus",
              "vso.code",
              repository_status)
            .with_project(),
    };
}

} // namespace simulator
