#include "integration/support/browser.hpp"

#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <utility>

namespace test {
namespace {

constexpr char const* kAuth = "/api/v1/azuredevops/auth";

core::HttpResponse must(core::Result<core::HttpResponse> response, std::string const& what) {
    if (!response) {
        throw std::runtime_error(what + ": " + core::describe(response.error()));
    }
    return std::move(*response);
}

std::string unescape_html(std::string text) {
    for (auto const& [entity, character] : {std::pair<std::string, std::string>{"&lt;", "<"},
                                            {"&gt;", ">"},
                                            {"&quot;", "\""},
                                            {"&#39;", "'"},
                                            {"&amp;", "&"}}) {
        for (std::size_t at = text.find(entity); at != std::string::npos;
             at = text.find(entity, at + character.size())) {
            text.replace(at, entity.size(), character);
        }
    }
    return text;
}

} // namespace

std::string target_of(std::string const& url) {
    std::size_t const slash = url.find('/', url.find("://") + 3);
    return slash == std::string::npos ? "/" : url.substr(slash);
}

std::string query_parameter(std::string const& url, std::string const& name) {
    auto const query = core::parse_query(url.substr(url.find('?') + 1));
    return query ? std::string(core::find_value(*query, name).value_or("")) : std::string();
}

Json Browser::start(Daemon const& daemon, std::string const& organization) {
    Json const body = Json{{"organization", organization}};
    core::HttpRequest request =
        make_request(daemon.url() + kAuth + "/oauth/start", core::dump_json(body), "application/json");
    request.credential = core::Secret(daemon.admin_token());
    core::HttpResponse const response = must(daemon_.send(std::move(request)), "oauth/start");
    if (response.status != 200) {
        throw std::runtime_error("oauth/start: " + response.body);
    }
    return Json::parse(response.body);
}

Json Browser::flow(Daemon const& daemon, std::string const& flow_id) {
    core::HttpRequest request = make_request(daemon.url() + kAuth + "/oauth/flows/" + flow_id);
    request.credential = core::Secret(daemon.admin_token());
    return Json::parse(must(daemon_.send(std::move(request)), "oauth/flows").body);
}

std::string Browser::open(std::string const& authorize_url) {
    core::HttpResponse const response = must(authority_.send(make_request(authorize_url)), "authorize");
    std::string location(response.headers.get("Location").value_or(""));
    if (response.status != 302 || location.empty()) {
        throw std::runtime_error("authorize: " + std::to_string(response.status) + " " + response.body);
    }
    return location;
}

std::string Browser::open_for_form(std::string const& authorize_url) {
    std::string const mode = "response_mode=query";
    std::string url = authorize_url;
    std::size_t const at = url.find(mode);
    if (at == std::string::npos) {
        throw std::runtime_error("no response_mode in " + url);
    }
    url.replace(at, mode.size(), "response_mode=form_post");
    core::HttpResponse const response = must(authority_.send(make_request(url)), "authorize");
    core::QueryPairs fields;
    std::string const name_mark = "name=\"";
    std::string const value_mark = "\" value=\"";
    for (std::size_t name = response.body.find(name_mark); name != std::string::npos;
         name = response.body.find(name_mark, name)) {
        name += name_mark.size();
        std::size_t const value = response.body.find(value_mark, name);
        std::size_t const end = response.body.find('"', value + value_mark.size());
        fields.emplace_back(
            response.body.substr(name, value - name),
            unescape_html(response.body.substr(value + value_mark.size(), end - value - value_mark.size())));
    }
    return core::build_query(fields);
}

core::HttpResponse Browser::come_back(std::string const& daemon_url, std::string const& address) {
    return must(daemon_.send(make_request(daemon_url + target_of(address))), "the way back");
}

core::HttpResponse Browser::submit(std::string const& daemon_url,
                                   std::string const& path,
                                   std::string form,
                                   std::string const& origin) {
    core::HttpRequest request =
        make_request(daemon_url + path, std::move(form), "application/x-www-form-urlencoded");
    request.headers.add("Origin", origin);
    return must(daemon_.send(std::move(request)), "the way back");
}

core::HttpResponse Browser::sign_in(Daemon const& daemon, std::string const& organization) {
    Json const link = start(daemon, organization);
    return come_back(daemon.url(), open(link.at("authorize_url").get<std::string>()));
}

} // namespace test
