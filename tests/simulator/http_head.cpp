#include "simulator/http_head.hpp"

#include "simulator/time_format.hpp"

#include <ctime>

namespace simulator {
namespace {

/// What Azure DevOps puts on every answer and never changes here.
constexpr std::string_view kServiceBlock =
    "Cache-Control: no-cache\r\n"
    "Pragma: no-cache\r\n"
    "Expires: -1\r\n"
    "P3P: CP=\"CAO DSP COR ADMa DEV CONo TELo CUR PSA PSD TAI IVDo OUR SAMi BUS DEM "
    "NAV STA UNI COM INT PHY ONL FIN PUR LOC CNT\"\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: SAMEORIGIN\r\n"
    "X-Cache: CONFIG_NOCACHE\r\n"
    "X-TFS-ProcessId: 15e86e8d-57b8-4572-85f3-b9333c300edf\r\n"
    "X-VSS-SenderDeploymentId: ed30ce5c-9d0a-f73c-3580-4315c7f84d83\r\n"
    "X-MSEdge-Ref: Ref A: 64B6205D98C4422994FDC307F87645D9 Ref B: SIM31EDGE0101\r\n";

std::string const& date_line() {
    static std::time_t last = 0;
    static std::string line;
    std::time_t const now = std::time(nullptr);
    if (now != last) {
        last = now;
        line = "Date: " + http_date(std::chrono::system_clock::from_time_t(now)) + "\r\n";
    }
    return line;
}

} // namespace

std::string_view reason_phrase(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 203:
        return "Non-Authoritative Information";
    case 204:
        return "No Content";
    case 302:
        return "Found";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 412:
        return "Precondition Failed";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "Status";
    }
}

std::string response_head(Reply const& reply, bool keep_alive) {
    std::string head;
    head.reserve(1600);
    head += "HTTP/1.1 ";
    head += std::to_string(reply.status);
    head += ' ';
    head += reason_phrase(reply.status);
    head += "\r\n";
    head += date_line();
    if (reply.service_headers) {
        head += kServiceBlock;
    }
    if (!reply.content_type.empty()) {
        head += "Content-Type: " + reply.content_type + "\r\n";
    }
    for (auto const& [name, value] : reply.headers) {
        head += name;
        head += ": ";
        head += value;
        head += "\r\n";
    }
    if (reply.status != 204) {
        head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    }
    head += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
    return head;
}

} // namespace simulator
