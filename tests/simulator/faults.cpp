#include "simulator/faults.hpp"

#include "simulator/ado_errors.hpp"
#include "simulator/digest.hpp"
#include "simulator/entra_errors.hpp"
#include "simulator/time_format.hpp"
#include "simulator/unicode.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

namespace simulator {
namespace {

bool matches(std::string const& wanted, std::string const& value) {
    return wanted.empty() || wanted == "*" || iequals(wanted, value);
}

void add_headers(Fault const& fault, Reply& reply) {
    auto const headers = fault.parameters.find("headers");
    if (headers == fault.parameters.end() || !headers->is_object()) {
        return;
    }
    for (auto const& [name, value] : headers->items()) {
        reply.with(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
}

Reply with_status(Fault const& fault) {
    int const status = static_cast<int>(int_member(fault.parameters, "status", 503));
    std::string type = string_member(fault.parameters, "content_type", "application/json; charset=utf-8");
    auto const body = fault.parameters.find("body");
    std::string text;
    if (body != fault.parameters.end()) {
        text = body->is_string() ? body->get<std::string>() : dump(*body);
    }
    return {status, text.empty() ? "" : std::move(type), std::move(text)};
}

double probability_of(Fault const& fault) {
    auto const found = fault.parameters.find("probability");
    if (found == fault.parameters.end()) {
        return 1;
    }
    return found->is_number() ? found->get<double>()
                              : std::strtod(string_member(fault.parameters, "probability").c_str(), nullptr);
}

/// Draws for faults that take only some of the requests they match; the same in every run.
bool is_due(Fault const& fault) {
    static std::mt19937 random(20'260'323);
    double const probability = probability_of(fault);
    return probability >= 1 || std::uniform_real_distribution<double>(0, 1)(random) < probability;
}

Reply expired_pat(bool html) {
    std::string const sentence = "Access Denied: The Personal Access Token used has expired.";
    if (html) {
        return {401,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><html><head><title>" + sentence + "</title></head><body/></html>"};
    }
    return ado_error(401, "AccessCheckException", sentence);
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The body in UTF-16 (little endian, with its mark), under a Content-Type that says otherwise.
std::string utf16_bytes(std::string_view text) {
    std::string out = "\xFF\xFE";
    for (char16_t const unit : utf8_to_utf16(text)) {
        out.push_back(static_cast<char>(unit & 0xFFU));
        out.push_back(static_cast<char>(unit >> 8U));
    }
    return out;
}

/// Every string of the document gets an accented letter as code page 1252 writes it, which no UTF-8 text
/// holds: letter, then something that goes on no sequence.
std::string latin1_bytes(std::string const& body) {
    std::string out;
    for (std::size_t i = 0; i < body.size(); ++i) {
        out.push_back(body[i]);
        bool const value_begins = body[i] == ':' && i + 1 < body.size() && body[i + 1] == '"';
        if (value_begins) {
            out += "\"\xE9 ";
            ++i;
        }
    }
    return out;
}

/// The document with white space before its last bracket, so that it is as long as asked for.
void pad(std::string& body, std::size_t bytes) {
    auto const last = body.find_last_of("]}");
    if (body.size() < bytes) {
        body.insert(last == std::string::npos ? body.size() : last, bytes - body.size(), ' ');
    }
}

} // namespace

std::vector<std::string> const& FaultList::actions() {
    static std::vector<std::string> const names = {"status",
                                                   "delay",
                                                   "reset",
                                                   "drop",
                                                   "hang",
                                                   "commit_then_drop",
                                                   "commit_then_reset",
                                                   "commit_then_status",
                                                   "html203",
                                                   "redirect_signin",
                                                   "empty401",
                                                   "expired_pat",
                                                   "expired_pat_html",
                                                   "tf400813",
                                                   "throttle",
                                                   "soft_throttle",
                                                   "slow",
                                                   "partial_body",
                                                   "malformed_json",
                                                   "bom503",
                                                   "stopped",
                                                   "forbidden",
                                                   "not_found",
                                                   "bom",
                                                   "utf16_body",
                                                   "latin1_body",
                                                   "charset",
                                                   "huge_body",
                                                   "stall",
                                                   "html",
                                                   "aadsts",
                                                   "headers"};
    return names;
}

std::optional<int> FaultList::add(Json const& description) {
    std::string const action = string_member(description, "action");
    if (std::find(actions().begin(), actions().end(), action) == actions().end()) {
        return std::nullopt;
    }
    Fault fault;
    fault.id = next_id_++;
    fault.action = action;
    // `match` may be an object, or its members may stand beside the action (the query form).
    Json const match = description.contains("match") && description["match"].is_object()
                           ? description["match"]
                           : description;
    fault.route = string_member(match, "route");
    fault.method = string_member(match, "method");
    fault.organization = string_member(match, "organization");
    fault.service = string_member(match, "service");
    fault.times = int_member(description, "times", 1);
    fault.after = int_member(description, "after", 0);
    fault.parameters = description;
    faults_.push_back(fault);
    return fault.id;
}

bool FaultList::remove(long long id) {
    return std::erase_if(faults_, [&](Fault const& f) { return f.id == id; }) > 0;
}

Json FaultList::list() const {
    Json out = Json::array();
    for (auto const& fault : faults_) {
        out.push_back({{"id", fault.id},
                       {"match",
                        {{"route", fault.route},
                         {"method", fault.method},
                         {"organization", fault.organization},
                         {"service", fault.service}}},
                       {"action", fault.action},
                       {"times", fault.times},
                       {"after", fault.after},
                       {"probability", probability_of(fault)},
                       {"hits", fault.hits}});
    }
    return out;
}

std::optional<Fault> FaultList::take(RouteKey const& key) {
    for (auto it = faults_.begin(); it != faults_.end(); ++it) {
        bool const match = matches(it->route, key.route) && matches(it->method, key.method) &&
                           matches(it->organization, key.organization) && matches(it->service, key.service);
        if (!match) {
            continue;
        }
        if (it->after > 0) {
            --it->after;
            continue;
        }
        if (!is_due(*it)) {
            continue;
        }
        ++it->hits;
        Fault taken = *it;
        if (it->times > 0 && --it->times == 0) {
            faults_.erase(it);
        }
        return taken;
    }
    return std::nullopt;
}

std::optional<Reply> answer_of_fault(Fault const& fault, RouteKey const& key) {
    auto const& action = fault.action;
    auto const retry_after = static_cast<int>(int_member(fault.parameters, "retry_after_s", 1));
    std::optional<Reply> reply;
    if (action == "status") {
        reply = with_status(fault);
    } else if (action == "reset" || action == "drop" || action == "hang") {
        reply = Reply(503, "", "");
        reply->delivery = action == "reset"  ? Delivery::reset
                          : action == "drop" ? Delivery::drop
                                             : Delivery::hang;
    } else if (action == "html203") {
        reply = sign_in_page(203);
    } else if (action == "html") {
        reply = sign_in_page(static_cast<int>(int_member(fault.parameters, "status", 200)));
    } else if (action == "redirect_signin") {
        reply = sign_in_page(302);
        reply->with("Location",
                    "https://spsprodeus1.vssps.visualstudio.com/_signin?realm=dev.azure.com&reply_to=" +
                        percent_encode("https://dev.azure.com/" + key.organization));
    } else if (action == "empty401") {
        reply = empty_reply(401);
        reply->with("WWW-Authenticate", "Basic realm=\"https://tfsprodeus1.app.visualstudio.com/\"");
    } else if (action == "expired_pat" || action == "expired_pat_html") {
        reply = expired_pat(action == "expired_pat_html");
    } else if (action == "tf400813") {
        reply =
            ado_error(401,
                      "UnauthorizedRequestException",
                      "TF400813: The user '" + next_guid() + "' is not authorized to access this resource.");
    } else if (action == "throttle") {
        reply = key.service == "entra" || key.service == "managed_identity" ? Reply(429, "", "")
                                                                            : throttled(retry_after);
        if (!reply->has_header("Retry-After")) {
            reply->with("Retry-After", std::to_string(retry_after));
        }
    } else if (action == "malformed_json") {
        reply = Reply(200, "application/json; charset=utf-8", "{\"count\":1,\"value\":[{\"id\":");
    } else if (action == "bom503") {
        reply = service_unavailable_with_bom();
    } else if (action == "forbidden") {
        reply = ado_error(403,
                          "AccessCheckException",
                          "TF401027: You need the Git 'GenericRead' permission to perform this action.");
    } else if (action == "not_found") {
        reply = ado_error(404,
                          "VssResourceNotFoundException",
                          "The requested resource does not exist, or you do not have permission to see it.");
    } else if (action == "stopped") {
        reply = stopped_collection(key.organization);
    } else if (action == "aadsts") {
        reply = entra_error(static_cast<int>(int_member(fault.parameters, "code", 90033)),
                            string_member(fault.parameters, "message"));
    }
    if (reply.has_value()) {
        add_headers(fault, *reply);
        reply->delay = std::chrono::milliseconds(int_member(fault.parameters, "delay_ms", 0));
    }
    return reply;
}

void apply_after(Fault const& fault, Reply& reply) {
    auto const& action = fault.action;
    reply.delay += std::chrono::milliseconds(int_member(fault.parameters, "delay_ms", 0));
    add_headers(fault, reply);
    if (action == "commit_then_drop") {
        reply.delivery = Delivery::drop;
    } else if (action == "commit_then_reset") {
        reply.delivery = Delivery::reset;
    } else if (action == "commit_then_status") {
        Reply lost = with_status(fault);
        lost.delay = reply.delay;
        reply = std::move(lost);
    } else if (action == "partial_body") {
        reply.delivery = Delivery::partial_body;
    } else if (action == "slow") {
        reply.delivery = Delivery::slow;
        reply.piece_pause =
            std::chrono::milliseconds(int_member(fault.parameters, "pause_ms", reply.piece_pause.count()));
    } else if (action == "stall") {
        reply.delivery = Delivery::stall;
    } else if (action == "bom") {
        reply.body.insert(0, kByteOrderMark);
    } else if (action == "utf16_body") {
        reply.body = utf16_bytes(reply.body);
    } else if (action == "latin1_body") {
        reply.body = latin1_bytes(reply.body);
    } else if (action == "charset") {
        reply.content_type =
            string_member(fault.parameters, "content_type", "application/json; charset=utf-16");
    } else if (action == "huge_body") {
        pad(reply.body, static_cast<std::size_t>(int_member(fault.parameters, "bytes", 16 * 1024 * 1024)));
    } else if (action == "soft_throttle") {
        auto const retry_after = int_member(fault.parameters, "retry_after_s", 1);
        auto const reset = unix_seconds(std::chrono::system_clock::now()) + retry_after;
        reply.with("Retry-After", std::to_string(retry_after))
            .with("X-RateLimit-Resource", "Concurrency")
            .with("X-RateLimit-Delay", "0.250")
            .with("X-RateLimit-Limit", "200")
            .with("X-RateLimit-Remaining", "12")
            .with("X-RateLimit-Reset", std::to_string(reset));
    }
}

} // namespace simulator
