#pragma once

#include "integration/support/daemon.hpp"
#include "integration/support/http.hpp"
#include "integration/support/simulator.hpp"

#include <string>

namespace test {

/// The part of a sign-in that a person's browser plays, by hand: opens the link at the simulator's authority
/// and carries its answer back to the daemon. The person is the simulator's `sign_in_user`.
class Browser {
public:
    explicit Browser(Simulator const& simulator) : authority_(simulator.ca_file()) {}

    /// POST auth/oauth/start with the administrator's token; the answer's object. Throws when it is refused.
    Json start(Daemon const& daemon, std::string const& organization);
    /// GET auth/oauth/flows/{flow_id}
    Json flow(Daemon const& daemon, std::string const& flow_id);

    /// Opens the link; the address the authority redirects to. Throws when there is none.
    std::string open(std::string const& authorize_url);
    /// Opens it for response_mode=form_post; the form as a body.
    std::string open_for_form(std::string const& authorize_url);
    /// What the daemon says to the browser that comes back to `address`. Whatever public name stands there,
    /// `daemon_url` is asked.
    core::HttpResponse come_back(std::string const& daemon_url, std::string const& address);
    core::HttpResponse submit(std::string const& daemon_url,
                              std::string const& path,
                              std::string form,
                              std::string const& origin);

    /// All of it; the page.
    core::HttpResponse sign_in(Daemon const& daemon, std::string const& organization);

private:
    Http authority_;
    Http daemon_;
};

/// Path and query of an absolute URL.
std::string target_of(std::string const& url);
/// One parameter of a URL's query, decoded; empty when absent.
std::string query_parameter(std::string const& url, std::string const& name);

} // namespace test
