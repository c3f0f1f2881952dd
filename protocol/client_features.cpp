#include "protocol/client_features.hpp"

#include <nlohmann/json.hpp>

namespace protocol {
namespace {

constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

constexpr unsigned kForm = 1;
constexpr unsigned kUrl = 2;
constexpr unsigned kSampling = 4;
constexpr unsigned kRoots = 8;
constexpr unsigned kTasks = 16;

} // namespace

ClientFeatures ClientFeatures::of(core::Json const& capabilities, Revision revision) {
    ClientFeatures features;
    if (core::Json const* elicitation = core::find_object(capabilities, "elicitation")) {
        bool const url = core::find_object(*elicitation, "url") != nullptr;
        bool const form = core::find_object(*elicitation, "form") != nullptr;
        features.url_elicitation = url && revision >= Revision::v2025_11_25;
        features.form_elicitation = form || !url;
    }
    features.sampling = core::find_object(capabilities, "sampling") != nullptr;
    features.roots = core::find_object(capabilities, "roots") != nullptr;
    if (is_modern(revision)) {
        core::Json const* extensions = core::find_object(capabilities, "extensions");
        features.tasks = extensions != nullptr && core::find_object(*extensions, kTasksExtension) != nullptr;
    }
    return features;
}

std::uint8_t ClientFeatures::bits() const noexcept {
    return static_cast<std::uint8_t>((form_elicitation ? kForm : 0U) | (url_elicitation ? kUrl : 0U) |
                                     (sampling ? kSampling : 0U) | (roots ? kRoots : 0U) |
                                     (tasks ? kTasks : 0U));
}

ClientFeatures ClientFeatures::from_bits(std::uint8_t bits) noexcept {
    ClientFeatures features;
    features.form_elicitation = (bits & kForm) != 0;
    features.url_elicitation = (bits & kUrl) != 0;
    features.sampling = (bits & kSampling) != 0;
    features.roots = (bits & kRoots) != 0;
    features.tasks = (bits & kTasks) != 0;
    return features;
}

} // namespace protocol
