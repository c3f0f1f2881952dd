#pragma once

#include "simulator/world.hpp"

namespace simulator {

void fill_contoso(World& world, Organization& organization, TimePoint now);
void fill_fabrikam(World& world, Organization& organization, TimePoint now);
void fill_northwind(World& world, Organization& organization, TimePoint now);

} // namespace simulator
