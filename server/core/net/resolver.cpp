#include "core/net/resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstring>
#include <map>
#include <netdb.h>
#include <sys/socket.h>
#include <utility>

namespace core {
namespace {

using Addresses = std::vector<asio::ip::address>;
using Endpoints = std::vector<asio::ip::tcp::endpoint>;

constexpr std::chrono::seconds kFresh{30};
constexpr std::chrono::minutes kStale{10}; ///< older answers are not served while they are refreshed
constexpr std::size_t kMaxNames = 256;

Endpoints with_port(Addresses const& addresses, std::uint16_t port) {
    Endpoints endpoints;
    endpoints.reserve(addresses.size());
    for (asio::ip::address const& address : addresses) {
        endpoints.emplace_back(address, port);
    }
    return endpoints;
}

struct Name {
    Addresses addresses; ///< of the last look-up that succeeded
    SteadyTime looked_up_at;
    std::shared_ptr<Event> running; ///< set while a look-up runs; shared with those who wait for it
    std::string error;              ///< of the last look-up, when it failed
};

/// Shared with the look-ups, which may end after the resolver.
struct Names {
    std::map<std::string, Name> by_name;
};

class CachingResolver final : public Resolver {
public:
    CachingResolver(asio::any_io_executor executor, BlockingPool& pool, Clock& clock, LookUp look_up)
        : executor_(std::move(executor)), pool_(pool), clock_(clock), look_up_(std::move(look_up)) {}

    Task<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Deadline deadline) override {
        boost::system::error_code not_literal;
        auto const literal = asio::ip::make_address(host, not_literal);
        if (!not_literal) {
            co_return Endpoints(1, asio::ip::tcp::endpoint(literal, port));
        }
        std::shared_ptr<Names> const names = names_;
        Name& name = find_or_add(host);
        auto const age = clock_.now() - name.looked_up_at;
        if (!name.addresses.empty() && age < kStale) {
            if (age >= kFresh) {
                start(host);
            }
            co_return with_port(name.addresses, port);
        }
        start(host);
        std::shared_ptr<Event> const running = name.running;
        bool const done = co_await running->wait(deadline);
        if (!done) {
            co_return fail(unfinished(host, deadline));
        }
        auto const found = names->by_name.find(host);
        if (found == names->by_name.end() || found->second.addresses.empty() ||
            !found->second.error.empty()) {
            std::string const why = found == names->by_name.end() ? "unknown reason" : found->second.error;
            co_return fail(Error(ErrorKind::network, "cannot resolve " + host + ": " + why).with_not_sent());
        }
        co_return with_port(found->second.addresses, port);
    }

private:
    static Error unfinished(std::string const& host, Deadline deadline) {
        if (deadline.passed(std::chrono::steady_clock::now())) {
            return Error(ErrorKind::timeout, "resolving " + host + " took too long").with_not_sent();
        }
        return Error(ErrorKind::cancelled, "resolving " + host + " was cancelled").with_not_sent();
    }

    Name& find_or_add(std::string const& host) {
        auto& by_name = names_->by_name;
        if (by_name.size() >= kMaxNames && !by_name.contains(host)) {
            std::erase_if(by_name, [](auto const& entry) { return !entry.second.running; });
        }
        return by_name[host];
    }

    void start(std::string const& host) {
        Name& name = names_->by_name[host];
        if (name.running) {
            return;
        }
        name.running = std::make_shared<Event>();
        asio::co_spawn(executor_, run(names_, &pool_, &clock_, look_up_, host), asio::detached);
    }

    static Task<void>
    run(std::shared_ptr<Names> names, BlockingPool* pool, Clock* clock, LookUp look_up, std::string host) {
        auto job = [look_up = std::move(look_up), host] { return look_up(host); };
        Result<Addresses> found = co_await run_blocking(*pool, std::move(job));
        Name& name = names->by_name[host];
        if (found && !found->empty()) {
            name.addresses = std::move(*found);
            name.looked_up_at = clock->now();
            name.error.clear();
        } else {
            name.error = found ? "no address" : found.error().message();
        }
        std::shared_ptr<Event> const running = std::exchange(name.running, nullptr);
        running->set();
    }

    asio::any_io_executor executor_;
    BlockingPool& pool_;
    Clock& clock_;
    LookUp look_up_;
    std::shared_ptr<Names> names_ = std::make_shared<Names>();
};

Result<Addresses> ask_system(std::string const& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    int const failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (failed != 0) {
        return fail(ErrorKind::network, ::gai_strerror(failed));
    }
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owned(list, &::freeaddrinfo);
    Addresses addresses;
    for (addrinfo const* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) {
            continue;
        }
        asio::ip::tcp::endpoint endpoint;
        endpoint.resize(entry->ai_addrlen);
        std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
        addresses.push_back(endpoint.address());
    }
    return addresses;
}

} // namespace

std::unique_ptr<Resolver> make_resolver(asio::any_io_executor executor, BlockingPool& pool, Clock& clock) {
    return make_resolver(std::move(executor), pool, clock, ask_system);
}

std::unique_ptr<Resolver>
make_resolver(asio::any_io_executor executor, BlockingPool& pool, Clock& clock, LookUp look_up) {
    return std::make_unique<CachingResolver>(std::move(executor), pool, clock, std::move(look_up));
}

} // namespace core
