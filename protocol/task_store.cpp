#include "protocol/task_store.hpp"

namespace protocol {

std::string_view to_string(TaskStatus status) noexcept {
    switch (status) {
    case TaskStatus::working:
        return "working";
    case TaskStatus::input_required:
        return "input_required";
    case TaskStatus::completed:
        return "completed";
    case TaskStatus::failed:
        return "failed";
    case TaskStatus::cancelled:
        break;
    }
    return "cancelled";
}

std::optional<TaskStatus> parse_task_status(std::string_view text) noexcept {
    for (TaskStatus const status : {TaskStatus::working,
                                    TaskStatus::input_required,
                                    TaskStatus::completed,
                                    TaskStatus::failed,
                                    TaskStatus::cancelled}) {
        if (text == to_string(status)) {
            return status;
        }
    }
    return std::nullopt;
}

core::SystemTime expiry_of(TaskRecord const& record) noexcept {
    // Compared in milliseconds: nanoseconds since 1970 end in 2262.
    auto const room =
        std::chrono::duration_cast<std::chrono::milliseconds>(core::SystemTime::max() - record.created_at);
    return record.ttl >= room ? core::SystemTime::max() : record.created_at + record.ttl;
}

} // namespace protocol
