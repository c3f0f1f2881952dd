#include "server/router/device_sign_ins.hpp"

namespace server {

DeviceSignIns::Turn::Turn(std::shared_ptr<DeviceSignIns> owner, std::string key)
    : owner_(std::move(owner)), key_(std::move(key)) {
    owner_->turns_.insert_or_assign(key_, std::make_shared<core::Event>());
}

DeviceSignIns::Turn::~Turn() {
    auto const place = owner_->turns_.find(key_);
    std::shared_ptr<core::Event> const over = place->second;
    owner_->turns_.erase(place);
    over->set();
}

core::Task<std::unique_ptr<DeviceSignIns::Turn>>
DeviceSignIns::take_turn(std::shared_ptr<DeviceSignIns> owner, std::string key, core::Deadline deadline) {
    while (true) {
        auto const place = owner->turns_.find(key);
        if (place == owner->turns_.end()) {
            co_return std::make_unique<Turn>(std::move(owner), std::move(key));
        }
        std::shared_ptr<core::Event> const over = place->second;
        bool const passed = co_await over->wait(deadline);
        if (!passed) {
            co_return std::unique_ptr<Turn>();
        }
    }
}

std::shared_ptr<DeviceJob> DeviceSignIns::find(std::string const& key) const {
    auto const place = jobs_.find(key);
    return place == jobs_.end() ? nullptr : place->second;
}

std::shared_ptr<DeviceJob> DeviceSignIns::find_flow(std::string const& flow_id) const {
    for (auto const& [key, job] : jobs_) {
        if (job->shown.flow_id == flow_id) {
            return job;
        }
    }
    return nullptr;
}

void DeviceSignIns::put(std::string const& key, std::shared_ptr<DeviceJob> job) {
    jobs_.insert_or_assign(key, std::move(job));
}

void DeviceSignIns::drop(std::string const& key, DeviceJob const& job) {
    auto const place = jobs_.find(key);
    if (place != jobs_.end() && place->second.get() == &job) {
        jobs_.erase(place);
    }
}

} // namespace server
