#include "server/front/rest/sign_in_page.hpp"

#include "server/front/problem.hpp"

#include <utility>

namespace server {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1rem;"
    "color:#1f2328;background:#fff}h1{font-size:1.5rem}dt{font-weight:600}dd{margin:0 0 .75rem;"
    "overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}";

void add_row(std::string& list, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        list.append("<dt>").append(name).append("</dt><dd>").append(escape_html(value)).append("</dd>\n");
    }
}

HttpReply page(int status, std::string_view title, std::string_view rows, std::string_view end) {
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
    html.append(title).append("</title>\n<style>").append(kStyle).append("</style>\n</head>\n<body>\n<h1>");
    html.append(title).append("</h1>\n<dl>\n").append(rows).append("</dl>\n<p>").append(end);
    html.append("</p>\n</body>\n</html>\n");
    HttpReply reply(status, "text/html; charset=utf-8", std::move(html));
    reply.headers.set("Content-Security-Policy",
                      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'");
    // The address of this page holds the code.
    reply.headers.set("Referrer-Policy", "no-referrer");
    return reply;
}

} // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (char const c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

HttpReply connected_page(SignInStatus const& status) {
    std::string rows;
    add_row(rows, "Organization", status.organization);
    add_row(rows, "Signed in as", status.identity);
    add_row(rows, "Tenant", status.tenant);
    return page(200, "Connected to Azure DevOps", rows, "You can close this window.");
}

HttpReply failed_page(core::Error const& error) {
    // The status and the code are those an API caller would get.
    Problem const problem = problem_of(error);
    std::string rows;
    add_row(rows, "Reason", problem.detail);
    add_row(rows, "Code", problem.code);
    add_row(rows, "What to do", problem.fix);
    add_row(rows, "Correlation id", problem.activity_id);
    HttpReply reply = page(problem.status, "Authentication Failed", rows, "Nothing was stored.");
    reply.failed = true;
    return reply;
}

} // namespace server
