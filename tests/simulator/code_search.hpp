#pragma once

#include "simulator/route.hpp"

namespace simulator {

/// POST _apis/search/codesearchresults
Reply code_search(Call& call);

} // namespace simulator
