#include "tests/io/crash_states.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <set>

namespace muster::io {
namespace {

namespace fs = std::filesystem;
using Kind = Step::Kind;
using Call = CrashRecorder::Call;

constexpr std::uint64_t sector_bytes = 512;
constexpr std::size_t most_pending_names = 8;

/// One file's bytes on the disk, and what is only in memory yet.
struct File {
  std::string synced;
  std::vector<Call> pending;  ///< writes and truncates
};

void put_into(std::string& content, Call const& call) {
  if (call.kind == Kind::truncate) {
    content.resize(call.offset);
    return;
  }
  content.resize(std::max<std::size_t>(content.size(), call.offset + call.bytes.size()));
  content.replace(call.offset, call.bytes.size(), call.bytes);
}

std::string with_all(File const& file) {
  std::string content = file.synced;
  for (Call const& call : file.pending) put_into(content, call);
  return content;
}

/// A write cut into the sectors that reach the disk by themselves.
std::vector<Call> sectors_of(Call const& call) {
  if (call.kind == Kind::truncate) return {call};
  std::vector<Call> sectors;
  for (std::uint64_t at = 0; at < call.bytes.size();) {
    std::uint64_t const begin = call.offset + at;
    std::uint64_t const size =
        std::min<std::uint64_t>(sector_bytes - begin % sector_bytes, call.bytes.size() - at);
    sectors.push_back({Kind::write, call.file, "", "", call.bytes.substr(at, size), begin});
    at += size;
  }
  return sectors;
}

std::vector<std::string> variants_of(File const& file, int random_variants, std::mt19937& random) {
  if (file.pending.empty()) return {file.synced};
  std::set<std::string> variants{file.synced, with_all(file)};
  std::vector<Call> sectors;
  for (Call const& call : file.pending)
    for (Call& sector : sectors_of(call)) sectors.push_back(std::move(sector));
  for (std::size_t one = 0; one < sectors.size(); one += 1 + sectors.size() / 16) {
    std::string torn = file.synced, alone = file.synced, without = file.synced;
    for (std::size_t i = 0; i < sectors.size(); ++i) {
      if (i <= one) put_into(torn, sectors[i]);
      (i == one ? put_into(alone, sectors[i]) : put_into(without, sectors[i]));
    }
    variants.insert({torn, alone, without});
  }
  for (int round = 0; round < random_variants; ++round) {
    std::string some = file.synced;
    for (Call const& sector : sectors)
      if (random() % 2 == 0) put_into(some, sector);
    variants.insert(some);
  }
  return {variants.begin(), variants.end()};
}

using Names = std::map<std::string, int>;

void put_into(Names& names, Call const& call) {
  if (call.kind == Kind::remove) names.erase(call.name);
  if (call.kind == Kind::create) names[call.name] = call.file;
  if (call.kind == Kind::rename || call.kind == Kind::link) names[call.to] = call.file;
  if (call.kind == Kind::rename) names.erase(call.name);
}

class Disk {
 public:
  /// Files of before have the numbers -1, -2, ...
  explicit Disk(Snapshot const& before) {
    int file = 0;
    for (auto const& [name, content] : before) {
      synced_names_[name] = --file;
      files_[file].synced = content;
    }
  }

  void take(Call call) {
    switch (call.kind) {
      case Kind::create:
        files_[call.file];
        [[fallthrough]];
      case Kind::rename:
      case Kind::link:
      case Kind::remove:
        if (call.kind != Kind::create) {
          auto const now = all_names();
          if (auto const at = now.find(call.name); at != now.end()) call.file = at->second;
        }
        pending_names_.push_back(call);
        break;
      case Kind::write:
      case Kind::truncate:
        files_.at(call.file).pending.push_back(call);
        break;
      case Kind::sync: {
        File& file = files_.at(call.file);
        file.synced = with_all(file);
        file.pending.clear();
        break;
      }
      case Kind::sync_directory:
        synced_names_ = all_names();
        pending_names_.clear();
        break;
      case Kind::close:
      case Kind::read:
        break;
    }
  }

  Snapshot durable() const {
    Snapshot snapshot;
    for (auto const& [name, file] : synced_names_) snapshot[name] = files_.at(file).synced;
    return snapshot;
  }

  template <class Visit>
  void for_each_state(int random_variants, std::mt19937& random, Visit const& visit) const {
    std::set<Snapshot> seen;
    // Older changes than the last few are taken to have happened.
    std::size_t const open = std::min(pending_names_.size(), most_pending_names);
    std::size_t const certain = pending_names_.size() - open;
    for (std::size_t subset = 0; subset < std::size_t{1} << open; ++subset) {
      Names names = synced_names_;
      for (std::size_t i = 0; i < pending_names_.size(); ++i)
        if (i < certain || (subset >> (i - certain) & 1) != 0) put_into(names, pending_names_[i]);
      for (Snapshot& state : contents(names, random_variants, random))
        if (seen.insert(state).second) visit(state);
    }
  }

 private:
  Names all_names() const {
    Names names = synced_names_;
    for (Call const& call : pending_names_) put_into(names, call);
    return names;
  }

  /// Each file's variants beside all bytes of the others, and none of any.
  std::vector<Snapshot> contents(Names const& names, int random_variants,
                                 std::mt19937& random) const {
    Snapshot whole, bare;
    for (auto const& [name, file] : names) {
      whole[name] = with_all(files_.at(file));
      bare[name] = files_.at(file).synced;
    }
    std::vector<Snapshot> states{whole, bare};
    for (auto const& [name, file] : names)
      for (std::string& variant : variants_of(files_.at(file), random_variants, random)) {
        states.push_back(whole);
        states.back()[name] = std::move(variant);
      }
    return states;
  }

  std::map<int, File> files_;
  Names synced_names_;
  std::vector<Call> pending_names_;
};

}  // namespace

void CrashRecorder::after(Step const& step) {
  auto const inside = [this](std::string_view path) {
    fs::path const full(path);
    return directory_of(full) == directory_ ? full.filename().string() : std::string();
  };
  Call call{step.kind, -1, "", "", std::string(step.bytes), step.offset};
  switch (step.kind) {
    case Kind::create:
      file_of_fd_.erase(step.fd);
      if (inside(step.path).empty()) return;
      call.name = inside(step.path);
      call.file = file_of_fd_[step.fd] = files_++;
      break;
    case Kind::rename:
    case Kind::link:
    case Kind::remove:
      if (inside(step.path).empty()) return;
      call.name = inside(step.path);
      call.to = step.to.empty() ? "" : inside(step.to);
      break;
    case Kind::sync_directory:
      if (fs::path(step.path) != directory_) return;
      break;
    case Kind::read:
      return;
    case Kind::write:
    case Kind::truncate:
    case Kind::sync:
    case Kind::close: {
      auto const at = file_of_fd_.find(step.fd);
      if (at == file_of_fd_.end()) return;
      call.file = at->second;
      if (step.kind == Kind::close) file_of_fd_.erase(at);
      break;
    }
  }
  calls_.push_back(std::move(call));
}

void for_each_crash_state(
    std::vector<Call> const& calls, Snapshot const& before, int random_variants,
    std::function<void(std::size_t, Snapshot const&, Snapshot const&)> const& visit) {
  std::mt19937 random(20261123);
  Disk disk(before);
  for (std::size_t made = 0; made < calls.size(); ++made) {
    disk.take(calls[made]);
    Snapshot const durable = disk.durable();
    disk.for_each_state(random_variants, random,
                        [&](Snapshot const& state) { visit(made + 1, durable, state); });
  }
}

Snapshot taken(fs::path const& directory) {
  Snapshot snapshot;
  for (auto const& entry : fs::directory_iterator(directory)) {
    std::ifstream in(entry.path(), std::ios::binary);
    snapshot[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return snapshot;
}

void restore(Snapshot const& snapshot, fs::path const& directory) {
  for (auto const& entry : fs::directory_iterator(directory)) fs::remove_all(entry.path());
  for (auto const& [name, content] : snapshot)
    std::ofstream(directory / name, std::ios::binary) << content;
}

void wake_with(Snapshot const& snapshot, fs::path const& directory) {
  restore(snapshot, directory);
  for (auto const& [name, content] : snapshot) {
    if (name.find(".lock") != std::string::npos) {
      std::string text = content;
      auto const boot = text.find("\nboot ");
      if (boot != std::string::npos) text.replace(boot, 10, "\nboot then");
      std::ofstream(directory / name, std::ios::binary) << text;
    }
    fs::last_write_time(directory / name,
                        fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
}

}  // namespace muster::io
