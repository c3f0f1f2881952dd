#pragma once

#include <string>

namespace ado {

class Project {
public:
    Project() = default;

    std::string id;
    std::string name;
    std::string description;
    std::string state;
    std::string visibility;
};

} // namespace ado
