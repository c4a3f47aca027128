#include "topology/lost_gpus.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "topology/plan_mode.hpp"

namespace muster::topology {
namespace {

constexpr std::string_view lost_words = " is lost to its process";
constexpr std::string_view uuid_letters = "0123456789abcdefABCDEF-/";
constexpr std::size_t longest_uuid = 80;  // of a slice of old drivers: "MIG-GPU-.../1/0"

bool is_uuid(std::string_view text) {
  bool const has_kind = text.starts_with("GPU-") || text.starts_with("MIG-");
  if (!has_kind || text.size() > longest_uuid) return false;
  auto const rest = text.substr(text.starts_with("MIG-GPU-") ? 8 : 4);
  return !rest.empty() && rest.find_first_not_of(uuid_letters) == std::string_view::npos;
}

/// Returns those that were there.
std::set<std::string> leave_out_of(Facts& rank, std::set<std::string> const& uuids) {
  std::set<std::string> found;
  std::vector<int> kept;
  for (std::size_t place = 0; place < rank.gpus.size(); ++place)
    if (auto const& uuid = rank.gpus[place].uuid; uuids.contains(uuid))
      found.insert(uuid);
    else
      kept.push_back(static_cast<int>(place));
  if (found.empty()) return found;
  keep_gpus(rank, kept);
  if (kept.empty()) rank.gpu_note = fmt::format("{} was lost by an earlier start of this run", list_of(found));
  return found;
}

}  // namespace

std::string loss_of_gpu(std::string_view uuid) { return fmt::format("{}{}", uuid, lost_words); }

std::optional<std::string> lost_gpu_in(std::string_view line) {
  auto const end = line.find(lost_words);
  if (end == std::string_view::npos) return std::nullopt;
  auto const before = line.substr(0, end);
  auto const uuid = before.substr(before.rfind(' ') + 1);
  return is_uuid(uuid) ? std::optional(std::string(uuid)) : std::nullopt;
}

std::set<std::string> lost_gpus_in(std::string_view list) {
  std::set<std::string> uuids;
  while (!list.empty()) {
    auto const word = list.substr(0, list.find(','));
    if (is_uuid(word)) uuids.emplace(word);
    list.remove_prefix(std::min(word.size() + 1, list.size()));
  }
  return uuids;
}

std::string list_of(std::set<std::string> const& uuids) {
  std::string text;
  for (auto const& uuid : uuids) text += (text.empty() ? "" : ",") + uuid;
  return text;
}

std::set<std::string> leave_out(std::vector<std::optional<Facts>>& ranks, std::set<std::string> const& uuids) {
  std::set<std::string> found;
  for (auto& rank : ranks)
    if (rank) found.merge(leave_out_of(*rank, uuids));
  return found;
}

}  // namespace muster::topology
