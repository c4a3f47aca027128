// Watchers of the calls that change files: to die at one, to let one fail, to record them.
#pragma once

#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "io/steps.hpp"

namespace muster::io {

/// Installs a watcher for as long as it lives.
class Watching {
 public:
  explicit Watching(StepWatcher& watcher) { set_step_watcher(&watcher); }
  Watching(Watching const&) = delete;
  Watching& operator=(Watching const&) = delete;
  ~Watching() { set_step_watcher(nullptr); }
};

inline bool changes_files(Step const& step) { return step.kind != Step::Kind::read; }

/// Ends the process at a kill point: three a call. Before it, in the middle of what it writes (for
/// other calls the same as before), and after it.
class Killer : public StepWatcher {
 public:
  static constexpr int points_a_call = 3;
  explicit Killer(int point)
      : calls_to_live_(point / points_a_call), where_(point % points_a_call) {}

  int before(Step const& step) override {
    if (!changes_files(step) || calls_to_live_ != 0 || where_ == 2) return 0;
    if (where_ == 1 && step.kind == Step::Kind::write) {
      auto const half = step.bytes.substr(0, step.bytes.size() / 2);
      if (::pwrite(step.fd, half.data(), half.size(), static_cast<off_t>(step.offset)) < 0)
        ::_exit(8);
    }
    ::_exit(9);
  }
  void after(Step const& step) override {
    if (!changes_files(step)) return;
    if (calls_to_live_-- == 0) ::_exit(9);
  }

 private:
  int calls_to_live_;
  int where_;
};

/// Lets calls of one kind fail, from the `first` on (counted from 0), `times` of them.
class Spoiler : public StepWatcher {
 public:
  Spoiler(Step::Kind kind, int error_number, int first = 0, int times = 1)
      : kind_(kind), error_number_(error_number), first_(first), end_(first + times) {}

  int before(Step const& step) override {
    if (step.kind != kind_) return 0;
    int const at = seen_++;
    return at >= first_ && at < end_ ? error_number_ : 0;
  }
  int seen() const { return seen_; }

 private:
  Step::Kind kind_;
  int error_number_, first_, end_;
  int seen_ = 0;
};

}  // namespace muster::io
