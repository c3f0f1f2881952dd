#pragma once

#include "simulator/route.hpp"

namespace simulator {

class PatchBody {
public:
    std::optional<Reply> refusal;
    Json document;
};
/// Work items are written with application/json-patch+json and nothing else.
PatchBody read_patch(Request const& request);

WorkItem* visible_work_item(Call& call, long long id);
Reply create_work_item(Call& call, std::string_view type_name, Json const& patch);
Reply update_work_item(Call& call, long long id, Json const& patch);

} // namespace simulator
