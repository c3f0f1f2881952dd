#pragma once

#include "simulator/route.hpp"

namespace simulator {

/// POST _apis/search/wikisearchresults
Reply wiki_search(Call& call);
/// POST _apis/search/workitemsearchresults
Reply work_item_search(Call& call);

} // namespace simulator
