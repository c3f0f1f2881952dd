#include "simulator/api_version.hpp"

#include <cstdlib>

namespace simulator {
namespace {

/// Highest released version, and the one above it that is still a preview.
constexpr double kReleased = 7.1;
constexpr double kNewest = 7.2;

/// Of the Azure DevOps Server (2020) behind /tfs.
constexpr double kServerNewest = 6.0;

std::string from_accept(std::string_view accept) {
    for (auto const& media : split(accept, ',')) {
        for (auto const& part : split(media, ';')) {
            auto const text = trim(part);
            if (istarts_with(text, "api-version=")) {
                return std::string(text.substr(12));
            }
        }
    }
    return {};
}

} // namespace

bool is_server_path(Request const& request) {
    return request.segments.size() > 1 && iequals(request.segments.front(), "tfs");
}

std::optional<Reply> negotiate_version(Call& call, Route const& route) {
    auto const& request = call.request;
    std::string wanted(request.param("api-version"));
    if (wanted.empty()) {
        wanted = from_accept(request.header("accept"));
    }
    if (wanted.empty()) {
        if (request.method == "GET" || request.method == "HEAD") {
            call.api_version = route.preview_only ? "7.1-preview.1" : "7.1";
            return std::nullopt;
        }
        return ado_error(
            400,
            "VssVersionNotSpecifiedException",
            "No api-version was supplied for the \"" + request.method +
                "\" request. The version must be supplied either as part of the Accept header (e.g. "
                "\"application/json; api-version=1.0\") or as a query parameter (e.g. "
                "\"?api-version=1.0\").");
    }
    auto const dash = wanted.find('-');
    std::string const number = wanted.substr(0, dash);
    char* end = nullptr;
    double const version = std::strtod(number.c_str(), &end);
    bool const preview =
        dash != std::string::npos && istarts_with(std::string_view(wanted).substr(dash), "-preview");
    if (number.empty() || *end != '\0' || version < 1.0 || (dash != std::string::npos && !preview)) {
        return ado_error(400,
                         "VssInvalidApiResourceVersionException",
                         "The api-version supplied \"" + wanted +
                             "\" is not valid. It must be of the form {major}.{minor}"
                             "[-{stage}[.{resource-version}]].");
    }
    bool const on_server = is_server_path(request);
    if (version > (on_server ? kServerNewest : kNewest) + 0.01) {
        return ado_error(400,
                         "VssVersionOutOfRangeException",
                         "The requested REST API version of " + number +
                             " is out of range for this server. The latest REST "
                             "API version this server supports is " +
                             (on_server ? "6.0." : "7.2."));
    }
    // A Server's search was a preview until 2022.1.
    bool const preview_only = route.preview_only || (on_server && route.service == Service::search);
    if (!preview && (preview_only || version > kReleased + 0.01)) {
        return ado_error(400,
                         "VssInvalidPreviewVersionException",
                         "The requested version \"" + wanted +
                             "\" of the resource is under preview. The -preview flag must be "
                             "supplied in the api-version for such requests. For example: \"" +
                             number + "-preview\"");
    }
    call.api_version = wanted;
    return std::nullopt;
}

} // namespace simulator
