#pragma once

#include "simulator/message.hpp"

#include <fstream>
#include <string>

namespace simulator {

/// Writes each exchange as a line of JSON, for checks by programs that know Microsoft's description of the
/// service: `method`, `url`, `status`, `reqHeaders`, `reqBody`, `headers`, `body`. Never a credential: the
/// value of Authorization is left out, and what goes to the authority and to managed identities is not
/// recorded at all.
class Recorder {
public:
    /// Throws when the file cannot be written.
    explicit Recorder(std::string const& file);

    void note(Request const& request, std::string const& service, Reply const& reply);

private:
    std::ofstream out_;
};

} // namespace simulator
