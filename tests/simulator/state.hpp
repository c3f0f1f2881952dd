#pragma once

#include "simulator/faults.hpp"
#include "simulator/jwt.hpp"
#include "simulator/recorder.hpp"
#include "simulator/search_index.hpp"
#include "simulator/token_registry.hpp"
#include "simulator/world.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace simulator {

/// Switches of the admin side. The defaults are how the real service behaves.
class Settings {
public:
    std::chrono::milliseconds latency{0};
    std::chrono::milliseconds index_lag{0};
    std::chrono::milliseconds work_item_index_lag{2000};
    long long access_token_lifetime_s = 0; ///< 0 = 60 to 90 minutes at random, as Entra does
    long long managed_identity_lifetime_s = 86'400;
    long long refresh_in_s = 0; ///< 0 = not sent
    long long device_interval_s = 5;
    long long device_expires_s = 900;
    long long device_auto_approve_after = -1;  ///< polls; -1 = wait for an approval
    bool device_slow_down = false;             ///< answer slow_down to polls that come too early
    bool cache_managed_identity_tokens = true; ///< the platform hands out the same token until near its end
    std::string rotation = "entra";            ///< entra | family-revocation | none
    std::string sign_in_user = "ada";          ///< who signs in when nobody was named
    std::string arc_key_file;                  ///< the file an Azure Arc agent's challenge names
    std::string tls_thumbprint;                ///< of the certificate, SHA-1 in hexadecimal
    std::string authorize_error; ///< what /authorize answers instead of a code, e.g. access_denied
    int authorize_code = 65004;  ///< the AADSTS number in its description
};

class Counters {
public:
    std::map<std::string, long long> requests; ///< by route name
    std::map<std::string, long long> statuses;
    std::map<std::string, long long> tokens; ///< by kind: refresh_token, client_credentials, device_code, …
    std::map<std::string, long long> organizations;
    long long total = 0;
    long long connections = 0;
    long long tls_resumed = 0;
    long long in_flight = 0;
    long long peak_in_flight = 0;
};

/// All there is at run time. One thread.
class State {
public:
    State(std::uint64_t seed, Settings const& settings);

    std::uint64_t seed;
    Settings initial_settings;
    Settings settings;
    std::unique_ptr<World> world;
    std::unique_ptr<SearchIndex> search;
    TokenRegistry tokens;
    FaultList faults;
    Counters counters;
    KeyRing keys;
    std::unique_ptr<Recorder> recorder; ///< null: nothing is recorded

    TimePoint now() const { return std::chrono::system_clock::now() + offset_; }
    /// Lets the simulator's clock run ahead (or back), for expiry.
    void shift_clock(std::chrono::seconds by) { offset_ += by; }
    void rebuild_world();

private:
    std::chrono::seconds offset_{0};
};

} // namespace simulator
