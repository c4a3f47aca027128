// Reductions among threads of one process, met by name as GPUs of several processes are.
#pragma once

#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>

#include "comm/reduce.hpp"
#include "core/error.hpp"

namespace muster::test {

class MeetingHall final : public comm::Rendezvous {
 public:
  std::atomic<int> joined = 0, refused = 0;
  std::atomic<bool> is_closed = false;  ///< nobody is let in

  comm::Bytes invite(int devices) override {
    std::lock_guard const lock(mutex_);
    rooms_[++last_].devices = static_cast<std::size_t>(devices);
    comm::Bytes name(sizeof last_);
    std::memcpy(name.data(), &last_, sizeof last_);
    return name;
  }
  std::vector<std::unique_ptr<comm::Reducer>> join(comm::Bytes const& name, int rank, int size, std::span<int const> devices,
                                                   comm::Patience const& patience) override {
    if (is_closed) {
      ++refused;
      throw Error(Exit::environment, "the hall is closed", Retry::may_help);
    }
    int number = 0;
    std::memcpy(&number, name.data(), sizeof number);
    std::unique_lock lock(mutex_);
    auto& room = rooms_.at(number);
    MUSTER_ASSERT(room.devices == devices.size(), "{} devices", devices.size());
    if (room.ends.empty())
      for (std::size_t i = 0; i < devices.size(); ++i) room.ends.push_back(comm::make_in_process_reducers(size));
    ++room.present;
    changed_.notify_all();
    while (room.present < size) {
      changed_.wait_for(lock, std::chrono::milliseconds(1));
      if (patience.is_over && patience.is_over()) throw Error(Exit::environment, "told to leave the hall", Retry::may_help);
    }
    std::vector<std::unique_ptr<comm::Reducer>> own;
    for (auto& group : room.ends) own.push_back(std::move(group[static_cast<std::size_t>(rank)]));
    ++joined;
    return own;
  }

 private:
  struct Room {
    std::size_t devices = 0;
    int present = 0;
    std::vector<std::vector<std::unique_ptr<comm::Reducer>>> ends;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, Room> rooms_;
  int last_ = 0;
};

}  // namespace muster::test
