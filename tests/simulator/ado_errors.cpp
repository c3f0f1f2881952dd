#include "simulator/ado_errors.hpp"

#include "simulator/digest.hpp"
#include "simulator/time_format.hpp"

namespace simulator {
namespace {

bool looks_like_guid(std::string_view text) {
    return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

std::string_view assembly_of(std::string_view type_key) {
    if (type_key.starts_with("Git")) {
        return "Microsoft.TeamFoundation.Git.Server";
    }
    if (type_key.starts_with("Wiki")) {
        return "Microsoft.TeamFoundation.Wiki.Server";
    }
    if (type_key.starts_with("WorkItem") || type_key.starts_with("Rule") ||
        type_key.starts_with("TestPatch")) {
        return "Microsoft.TeamFoundation.WorkItemTracking.Server";
    }
    return type_key.starts_with("Project") ? "Microsoft.TeamFoundation.Core.WebApi"
                                           : "Microsoft.VisualStudio.Services.Common";
}

} // namespace

Reply ado_error(int status, std::string_view type_key, std::string_view message, Json custom_properties) {
    std::string const assembly(assembly_of(type_key));
    bool const wit = assembly.find("WorkItemTracking") != std::string::npos;
    Json body = {{"$id", "1"}};
    if (!custom_properties.is_null()) {
        body["customProperties"] = std::move(custom_properties);
    }
    body["innerException"] = nullptr;
    body["message"] = message;
    body["typeName"] = assembly + "." + std::string(type_key) + ", " + assembly;
    body["typeKey"] = type_key;
    body["errorCode"] = type_key == "RuleValidationException" ? 600171 : 0;
    body["eventId"] = wit ? 3200 : 3000;
    return json_reply(body, status);
}

Reply binding_error(std::string_view message) {
    return json_reply({{"count", 1}, {"value", {{"Message", message}}}}, 400);
}

Reply no_controller(std::string_view path) {
    std::string const text = "The controller for path '" + std::string(path) +
                             "' was not found or does not implement IController.";
    Reply reply(404, "text/plain; charset=utf-8", text);
    // Long texts are cut in this header, in the middle of a word.
    reply.with("X-TFS-ServiceError", percent_encode(text).substr(0, 150));
    return reply;
}

Reply sign_in_page(int status) {
    return {status,
            "text/html; charset=utf-8",
            "\r\n<!DOCTYPE html>\r\n<html lang=\"en-US\">\r\n<head><title>\r\n\tAzure DevOps Services | Sign "
            "In\r\n</title>"
            "</head>\r\n<body class=\"platform\"><h1>Sign in to your account</h1></body>\r\n</html>\r\n"};
}

Reply unknown_organization_page() {
    return {404,
            "text/html; charset=utf-8",
            "<!DOCTYPE html >\r\n<html>\r\n<head><title>Azure DevOps Services | 404 - Page not "
            "found</title></head>\r\n"
            "<body><h2>404 - Page not found</h2><p>The page you are looking for does not "
            "exist.</p></body>\r\n</html>\r\n"};
}

Reply stopped_collection(std::string_view organization) {
    std::string const name(organization);
    Reply reply = ado_error(
        503,
        "VssServiceException",
        "TF24668: The following team project collection is stopped: " + name +
            ". Start the collection and then try again. The organization was deactivated due to inactivity.");
    reply.body.insert(0, "\xEF\xBB\xBF");
    reply.content_type = "application/json";
    return reply;
}

Reply service_unavailable_with_bom() {
    Reply reply = ado_error(
        503, "VssServiceException", "VS403417: The service is temporarily unavailable. Try again later.");
    reply.body.insert(0, "\xEF\xBB\xBF");
    reply.content_type = "application/json";
    return reply;
}

Reply throttled(int retry_after_s) {
    Reply reply =
        ado_error(429,
                  "RequestBlockedException",
                  "TF400733: The request has been canceled: Request was blocked due to exceeding usage of "
                  "resource 'Concurrency' in namespace 'User'.");
    auto const reset = unix_seconds(std::chrono::system_clock::now()) + retry_after_s;
    reply.with("Retry-After", std::to_string(retry_after_s))
        .with("X-RateLimit-Resource", "Concurrency")
        .with("X-RateLimit-Limit", "200")
        .with("X-RateLimit-Remaining", "0")
        .with("X-RateLimit-Reset", std::to_string(reset));
    return reply;
}

Reply project_not_found(std::string_view name) {
    if (looks_like_guid(name)) {
        return ado_error(404,
                         "ProjectDoesNotExistException",
                         "VS800075: The project with id 'vstfs:///Classification/TeamProject/" +
                             std::string(name) +
                             "' does not exist, or you do not have permission to access it.");
    }
    return ado_error(
        404,
        "ProjectDoesNotExistWithNameException",
        "TF200016: The following project does not exist: " + std::string(name) +
            ". Verify that the name of the project is correct and that the project exists on the specified "
            "Azure DevOps Server.");
}

Reply repository_not_found(std::string_view name) {
    return ado_error(
        404,
        "GitRepositoryNotFoundException",
        "TF401019: The Git repository with name or identifier " + std::string(name) +
            " does not exist or you do not have permissions for the operation you are attempting.");
}

Reply work_item_not_found(long long id) {
    return ado_error(404,
                     "WorkItemUnauthorizedAccessException",
                     "TF401232: Work item " + std::to_string(id) +
                         " does not exist, or you do not have permissions to read it.");
}

Reply argument_error(std::string_view message) {
    return ado_error(400, "ArgumentException", message);
}

} // namespace simulator
