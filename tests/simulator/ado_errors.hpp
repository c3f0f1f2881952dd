#pragma once

#include "simulator/message.hpp"

#include <string>
#include <string_view>

/// The error answers of Azure DevOps, in all their shapes.
namespace simulator {

/// The usual `{"$id":"1",…,"typeKey":…}`; `type_key` ends in Exception.
Reply ado_error(int status,
                std::string_view type_key,
                std::string_view message,
                Json custom_properties = nullptr);
/// `{"count":1,"value":{"Message":…}}`: what model binding answers.
Reply binding_error(std::string_view message);
/// text/plain 404 for what matches no controller.
Reply no_controller(std::string_view path);
Reply sign_in_page(int status);
Reply unknown_organization_page();
/// 503 with a byte order mark and no charset.
Reply stopped_collection(std::string_view organization);
Reply service_unavailable_with_bom();
Reply throttled(int retry_after_s);

Reply project_not_found(std::string_view name);
Reply repository_not_found(std::string_view name);
Reply work_item_not_found(long long id);
Reply argument_error(std::string_view message);

} // namespace simulator
