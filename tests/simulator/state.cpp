#include "simulator/state.hpp"

namespace simulator {

State::State(std::uint64_t seed_, Settings const& settings_)
    : seed(seed_), initial_settings(settings_), settings(settings_) {
    rebuild_world();
}

void State::rebuild_world() {
    search.reset();
    world = std::make_unique<World>(seed, now());
    search = std::make_unique<SearchIndex>(*world, now());
}

} // namespace simulator
