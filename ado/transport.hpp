#pragma once

#include "ado/error_map.hpp"
#include "ado/organization.hpp"
#include "ado/scope.hpp"
#include "ado/service.hpp"
#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/http/http_client.hpp"
#include "core/http/retry.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "core/token_source.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ado {

class Throttle;
class Upstream;

class ClientLimits {
public:
    std::string api_version = "7.1";
    std::string connection_data_version = "7.1-preview.1"; ///< that resource has only previews
    std::string comments_version = "7.1-preview.4";        ///< so have comments of work items
    std::string search_version;                            ///< of the search service; empty = the usual one
    /// What an Azure DevOps Server of that version knows.
    void use_version(std::string const& version);
    std::size_t response_bytes = 8U * 1024 * 1024;
    std::size_t inline_parse_bytes = 256U * 1024; ///< larger bodies are parsed and freed on the blocking pool
    std::chrono::seconds token_ttl{60};           ///< a token must be good for at least this long
    core::RetryPolicy retry = core::RetryPolicy::once();
    core::Jitter jitter = [] { return 0.5; }; ///< spreads the repetitions of callers who failed together
};

/// One request as the client's methods describe it.
class ApiRequest {
public:
    ApiRequest(std::string method_, Service service_, std::string path_, Scope scope_)
        : method(std::move(method_)), service(service_), path(std::move(path_)), scope(scope_) {}

    std::string method;
    Service service;
    std::string path; ///< encoded, appended to the service's base; may hold a query
    Scope scope;
    std::string body;
    std::string content_type = "application/json; charset=utf-8"; ///< sent with a body
    std::string accept;                                           ///< empty = as `bytes` says
    std::string api_version;                                      ///< empty = the usual one
    bool idempotent = true;
    bool code_search = false;
    bool bytes = false; ///< the answer is a file's content and no JSON
};

/// The one place that sends. Adds the headers, takes a token, sends by Upstream's rules, and on a refused
/// credential repeats once with a fresh token, also a write (a refused request had no effect). A PAT refused
/// without a word why is first tried on connectionData. If it works there it is not invalidated, and a bare
/// 401 meant that it lacks a scope; nor is it when that cannot be told for the moment. Redirects are never
/// followed.
class Transport {
public:
    /// What is passed by reference or pointer outlives the transport.
    Transport(Organization organization,
              core::HttpClient& http,
              core::TokenSource& tokens,
              Throttle& throttle,
              core::Clock& clock,
              ClientLimits limits,
              core::BlockingPool* pool);

    Organization const& organization() const noexcept { return organization_; }
    ClientLimits const& limits() const noexcept { return limits_; }

    /// A 2xx answer with a body that may be JSON, or an Error. `request` and `ctx` outlive the task; may run
    /// concurrently.
    core::Task<core::Result<core::HttpResponse>> send(ApiRequest const& request,
                                                      core::CallContext const& ctx) const;

    /// send(), then parse the body and `read` the value out of it, which may take the JSON apart. Large
    /// bodies are parsed, read and freed off the loop. `read` is a plain function.
    template <class T>
    core::Task<core::Result<T>> fetch(ApiRequest const& request,
                                      core::Result<T> (*read)(core::Json&),
                                      core::CallContext const& ctx) const;

    /// The same with a reader of the raw text. Both are defined in ado/fetch.hpp.
    template <class T>
    core::Task<core::Result<T>> fetch_text(ApiRequest const& request,
                                           core::Result<T> (*read)(std::string_view),
                                           core::CallContext const& ctx) const;

private:
    core::Task<core::Result<core::HttpResponse>>
    send_once(ApiRequest const& request, core::AccessToken const& token, core::CallContext const& ctx) const;
    enum class Probe { works, refused, unknown };
    core::Task<Probe> try_elsewhere(core::AccessToken const& token, core::CallContext const& ctx) const;
    core::Url const& base_of(Service service) const noexcept;
    core::HttpRequest build(ApiRequest const& request) const;
    ErrorContext error_context(ApiRequest const& request) const;

    Organization organization_;
    core::TokenSource* tokens_;
    core::Clock* clock_;
    ClientLimits limits_;
    std::shared_ptr<Upstream> upstream_; ///< reads that several share may outlast this by a moment
    core::BlockingPool* pool_;
};

} // namespace ado
