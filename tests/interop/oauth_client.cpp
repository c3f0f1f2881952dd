// The daemon's OAuth client room, driven step by step by a script against an authorization server nobody here
// wrote: one JSON object a line on standard input, one a line as the answer. Tokens go out in the clear: they
// are of a test's own authorization server.
#include "auth/authorization_code.hpp"
#include "auth/device_code.hpp"
#include "auth/entra_token_client.hpp"
#include "auth/oauth_state.hpp"
#include "auth/providers.hpp"
#include "core/clock.hpp"
#include "core/crypto/random.hpp"
#include "core/json.hpp"
#include "core/net/resolver.hpp"
#include "core/net/tls.hpp"
#include "core/text/base64.hpp"
#include "unit/auth/fake_stores.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace {

using core::Json;

std::string text(Json const& object, char const* name) {
    return std::string(core::find_string(object, name).value_or(""));
}

Json error_json(core::Error const& error) {
    return {{"error", error.code()},
            {"kind", core::to_string(error.kind())},
            {"message", error.message()},
            {"fix", error.fix()}};
}

class Client {
public:
    explicit Client(Json const& setup)
        : authority_(text(setup, "authority")), tenant_(text(setup, "tenant")),
          client_id_(text(setup, "client_id")), redirect_uri_(text(setup, "redirect_uri")) {
        if (std::string const file = text(setup, "client_secret_file"); !file.empty()) {
            std::ifstream in(file);
            std::string secret;
            std::getline(in, secret);
            client_secret_ = core::Secret(secret);
        }
        auto tls = core::make_tls_client(std::nullopt);
        if (!tls) {
            throw std::runtime_error(tls.error().message());
        }
        tls_ = std::move(*tls);
        resolver_ = core::make_resolver(io_.get_executor(), pool_, clock_);
        http_ = core::make_pooled_client(
            io_.get_executor(), *tls_, *resolver_, clock_, core::HttpPoolLimits(), std::nullopt);
        auth::ProviderEnvironment environment(io_.get_executor(), *http_, clock_);
        environment.authority = authority_;
        auth::OAuthProviderConfig config;
        config.organization = "contoso";
        config.client_secret = client_secret_.clone();
        provider_ = auth::make_oauth_provider(environment, std::move(config), store_);
    }
    ~Client() {
        http_->shutdown();
        io_.restart();
        io_.poll();
    }
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;

    Json answer(Json const& command) {
        std::string const what = text(command, "do");
        if (what == "sign_in") {
            return sign_in(command);
        }
        if (what == "finish") {
            return finish(text(command, "answer"));
        }
        if (what == "device") {
            return device();
        }
        if (what == "poll") {
            return poll();
        }
        if (what == "token") {
            return token();
        }
        if (what == "reject") {
            provider_->invalidate(*last_);
            return Json{{"ok", true}};
        }
        if (what == "challenge") {
            provider_->challenged(*last_, text(command, "header"));
            return Json{{"ok", true}};
        }
        if (what == "grant") {
            return grant();
        }
        if (what == "status") {
            return Json{{"state", auth::to_string(provider_->status().state)}};
        }
        return Json{{"error", "unknown_command"}};
    }

private:
    template <class T>
    static core::Task<void> keep(core::Task<T> task, std::optional<T>* result) {
        T value = co_await std::move(task);
        result->emplace(std::move(value));
    }
    /// Runs the loop until the task is done.
    template <class T>
    T run(core::Task<T> task) {
        std::optional<T> result;
        core::asio::co_spawn(io_, keep<T>(std::move(task), &result), [](std::exception_ptr thrown) {
            if (thrown) {
                std::rethrow_exception(thrown);
            }
        });
        while (!result) {
            io_.restart();
            io_.run_one();
        }
        return std::move(*result);
    }
    core::CallContext context() {
        return {core::random_uuid(), core::Deadline::in(clock_, std::chrono::seconds(60))};
    }

    Json sign_in(Json const& command) {
        auth::PkcePair pkce = auth::PkcePair::make();
        auth::OAuthState state(core::random_uuid(), "contoso", std::move(pkce.verifier));
        state.tenant = tenant_;
        state.client_id = client_id_;
        state.redirect_uri = redirect_uri_;
        state.nonce = core::base64url_encode(core::random_bytes(16));
        state.started_at = clock_.system_now();
        state.expires_at = state.started_at + std::chrono::minutes(10);
        auth::AuthorizeRequest request(authority_, state, auth::seal_state(sealer_, state));
        request.code_challenge = pkce.challenge;
        request.prompt = text(command, "prompt");
        request.login_hint = text(command, "login_hint");
        return Json{{"url", auth::authorize_url(request)}};
    }

    Json finish(std::string const& encoded) {
        auto const read = auth::read_authorization_answer(encoded);
        if (!read) {
            return Json{{"error", "not_an_answer"}};
        }
        std::optional<auth::OAuthState> const state = auth::open_state(sealer_, read->state);
        if (!state) {
            return Json{{"error", "sign_in_unknown"}};
        }
        auth::AuthorizationCodeFlow flow(*http_, clock_, authority_, client_secret_);
        core::CallContext const ctx = context();
        return take(run(flow.finish(*state, *read, ctx)));
    }

    Json device() {
        auth::DeviceCodeConfig config(authority_, tenant_, client_id_);
        config.client_secret = client_secret_.clone();
        flow_ = std::make_unique<auth::DeviceCodeFlow>(*http_, clock_, std::move(config));
        core::CallContext const ctx = context();
        auto shown = run(flow_->start(ctx));
        if (!shown) {
            return error_json(shown.error());
        }
        prompt_.emplace(std::move(*shown));
        return Json{{"user_code", prompt_->user_code},
                    {"verification_uri", prompt_->verification_uri},
                    {"interval", prompt_->interval.count()}};
    }

    Json poll() {
        core::CallContext const ctx = context();
        return take(run(flow_->poll(*prompt_, ctx)));
    }

    Json take(core::Result<auth::OAuthGrant> grant) {
        if (!grant) {
            return error_json(grant.error());
        }
        Json const shown = {{"ok", true}, {"identity", grant->identity}};
        store_.put(std::move(*grant));
        provider_->credential_changed();
        return shown;
    }

    Json token() {
        core::CallContext const ctx = context();
        core::Result<core::AccessToken> fetched = run(provider_->get(std::chrono::seconds(60), ctx));
        if (!fetched) {
            return error_json(fetched.error());
        }
        last_.emplace(std::move(*fetched));
        return Json{{"ok", true}, {"token", last_->value.expose()}};
    }

    Json grant() const {
        if (!store_.has_grant()) {
            return Json{{"error", "no_grant"}};
        }
        auth::OAuthGrant const& grant = store_.grant();
        return Json{{"refresh_token", grant.refresh_token.expose()},
                    {"previous", grant.previous_refresh_token.expose()},
                    {"sign_in_claims", grant.sign_in_claims},
                    {"identity", grant.identity}};
    }

    core::asio::io_context io_{1};
    core::SystemClock clock_;
    core::BlockingPool pool_{1};
    core::Sealer sealer_ = core::Sealer::ephemeral();
    std::string authority_;
    std::string tenant_;
    std::string client_id_;
    std::string redirect_uri_;
    core::Secret client_secret_;
    test::FakeGrantStore store_;
    std::unique_ptr<core::TlsClient> tls_;
    std::unique_ptr<core::Resolver> resolver_;
    std::unique_ptr<core::PooledHttpClient> http_;
    std::unique_ptr<auth::CredentialProvider> provider_;
    std::unique_ptr<auth::DeviceCodeFlow> flow_;
    std::optional<auth::DeviceCodePrompt> prompt_;
    std::optional<core::AccessToken> last_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: oauth-client SETUP-AS-JSON\n";
        return 2;
    }
    try {
        Client client(Json::parse(argv[1]));
        for (std::string line; std::getline(std::cin, line);) {
            std::cout << core::dump_json(client.answer(Json::parse(line))) << std::endl;
        }
    } catch (std::exception const& error) {
        std::cerr << "oauth-client: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
