#include "server/outbound.hpp"

#include "core/crypto/random.hpp"
#include "core/http/retry.hpp"
#include "core/text/base64.hpp"
#include "core/text/percent_encoding.hpp"

#include <cstdlib>
#include <string>
#include <utility>

namespace server {
namespace {

std::string_view environment(char const* upper, char const* lower = "") {
    for (char const* name : {upper, lower}) {
        if (char const* value = *name == '\0' ? nullptr : std::getenv(name);
            value != nullptr && *value != '\0') {
            return value;
        }
    }
    return {};
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        std::size_t const comma = text.find(',');
        std::string_view const item = core::trim_ows(text.substr(0, comma));
        if (!item.empty()) {
            items.push_back(core::to_lower_ascii(item));
        }
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return items;
}

core::Result<std::optional<core::ProxySettings>> proxy_settings(Config const& config) {
    std::string_view const no_proxy = environment("NO_PROXY", "no_proxy");
    core::Secret url = config.outbound.proxy_url.clone();
    if (url.empty()) {
        url = core::Secret(environment("HTTPS_PROXY", "https_proxy"));
    }
    if (url.empty()) {
        return std::optional<core::ProxySettings>();
    }
    ADOMCPD_TRY(core::ProxySettings settings, parse_proxy(url, no_proxy));
    // A managed identity endpoint answers the machine itself, never a proxy.
    std::string const imds = config.managed_identity.imds_url;
    for (std::string_view const endpoint : {std::string_view("http://169.254.169.254"),
                                            std::string_view(imds),
                                            environment("IDENTITY_ENDPOINT"),
                                            environment("MSI_ENDPOINT")}) {
        if (std::optional<core::Url> const parsed = core::Url::parse(endpoint)) {
            settings.no_proxy.push_back(parsed->origin.host);
        }
    }
    return std::optional<core::ProxySettings>(std::move(settings));
}

core::HttpPoolLimits pool_limits(Limits const& limits) {
    core::HttpPoolLimits result;
    result.connections_per_origin = limits.upstream_connections;
    result.queue_per_origin = limits.upstream_queue;
    result.idle = limits.upstream_idle_ms;
    result.connect = limits.upstream_connect_ms;
    result.request = limits.upstream_request_ms;
    return result;
}

} // namespace

core::Result<core::ProxySettings> parse_proxy(core::Secret const& url, std::string_view no_proxy) {
    auto const refuse = [] {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument, "The proxy URL cannot be understood.")
                .with_code("proxy_invalid")
                .with_fix("Write outbound.proxy (or HTTPS_PROXY) as http://[user:password@]host:port."));
    };
    std::string text(url.expose());
    std::size_t const scheme_end = text.find("://");
    if (scheme_end == std::string::npos) {
        return refuse();
    }
    std::size_t const at = text.rfind('@');
    core::Secret authorization;
    if (at != std::string::npos && at > scheme_end) {
        auto userinfo =
            core::percent_decode(std::string_view(text).substr(scheme_end + 3, at - scheme_end - 3));
        text.erase(scheme_end + 3, at - scheme_end - 2);
        if (!userinfo) {
            return refuse();
        }
        std::string value = "Basic " + core::base64_encode(*userinfo);
        authorization = core::Secret(value);
        core::wipe(value.data(), value.size());
        core::wipe(userinfo->data(), userinfo->size());
    }
    auto parsed = core::Url::parse(text);
    if (!parsed || parsed->origin.scheme != "http") {
        return refuse();
    }
    return core::ProxySettings(parsed->origin, std::move(authorization), split_list(no_proxy));
}

core::Result<std::unique_ptr<Outbound>> Outbound::make(core::asio::any_io_executor executor,
                                                       core::BlockingPool& pool,
                                                       core::Clock& clock,
                                                       Config const& config) {
    std::unique_ptr<Outbound> outbound(new Outbound(executor, clock, pool_limits(config.limits)));
    ADOMCPD_TRY(outbound->tls_, core::make_tls_client(config.outbound.ca_file));
    ADOMCPD_TRY(std::optional<core::ProxySettings> proxy, proxy_settings(config));
    if (proxy) {
        outbound->proxy_.emplace(proxy->proxy, proxy->authorization.clone(), proxy->no_proxy);
    }
    outbound->resolver_ = core::make_resolver(executor, pool, clock);
    outbound->pooled_ = core::make_pooled_client(
        executor, *outbound->tls_, *outbound->resolver_, clock, outbound->limits_, std::move(proxy));
    core::RetryPolicy& policy = outbound->retry_;
    policy.max_attempts = static_cast<int>(config.limits.upstream_attempts);
    policy.retry_after_cap =
        std::chrono::duration_cast<std::chrono::seconds>(config.limits.retry_after_cap_ms);
    outbound->retrying_ = core::make_retrying_client(*outbound->pooled_, policy, clock, core::random_unit);
    return outbound;
}

core::Result<core::HttpClient*> Outbound::pinned(std::string const& thumbprint) {
    auto place = pinned_.find(thumbprint);
    if (place == pinned_.end()) {
        Pinned made;
        ADOMCPD_TRY(made.tls, core::make_pinned_tls_client(thumbprint));
        made.pooled =
            core::make_pooled_client(executor_, *made.tls, *resolver_, clock_, limits_, std::nullopt);
        place = pinned_.emplace(thumbprint, std::move(made)).first;
    }
    return place->second.pooled.get();
}

void Outbound::shutdown() {
    pooled_->shutdown();
    for (auto& [thumbprint, pinned] : pinned_) {
        pinned.pooled->shutdown();
    }
}

} // namespace server
