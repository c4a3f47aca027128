// Whether a rank sees the GPUs that it was given.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/gather.hpp"

namespace muster::topology {
namespace {

constexpr int most_indices = 4096;

std::vector<std::string> words_between_commas(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    auto const comma = std::min(text.find(','), text.size());
    words.emplace_back(trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return words;
}

/// What CUDA_VISIBLE_DEVICES names; "-1", and the word that Slurm writes for no GPU, end the list.
std::vector<std::string> names_in(std::string_view visible) {
  auto names = words_between_commas(visible);
  names.erase(std::find_if(names.begin(), names.end(),
                           [](auto const& name) { return name.starts_with('-') || name == "NoDevFiles"; }),
              names.end());
  return names;
}

/// "0,2-3" -> 0 2 3. Empty for a list of anything else.
std::set<int> indices_in(std::string_view list) {
  std::set<int> indices;
  for (auto const& word : words_between_commas(list)) {
    int first = 0;
    auto const* const end = word.data() + word.size();
    auto const [after, fault] = std::from_chars(word.data(), end, first);
    int last = first;
    if (fault != std::errc{} || first < 0) return {};
    if (after != end && (*after != '-' || std::from_chars(after + 1, end, last).ptr != end)) return {};
    if (last < first || last - first > most_indices || indices.size() > most_indices) return {};
    for (int index = first; index <= last; ++index) indices.insert(index);
  }
  return indices;
}

void check_visible(std::string const& who, Facts const& facts) {
  if (!facts.grant.visible) return;
  auto const names = names_in(*facts.grant.visible);
  std::set<std::string> different;
  for (auto const& name : names)
    MUSTER_REQUIRE_ENV(different.insert(name).second,
                       "{}: CUDA_VISIBLE_DEVICES={} names {} twice (CUDA then uses none of them); name each GPU once", who,
                       printable(*facts.grant.visible), printable(name));
  bool const are_slices = std::all_of(names.begin(), names.end(), [](auto const& name) { return name.starts_with("MIG-"); });
  // A process can open one slice.
  auto const wanted = are_slices ? std::min<std::size_t>(names.size(), 1) : names.size();
  MUSTER_REQUIRE_ENV(facts.gpus.size() >= wanted,
                     "{}: CUDA_VISIBLE_DEVICES={} names {} GPUs and CUDA sees {} (one that is not there ends the list); name "
                     "GPUs that nvidia-smi -L shows, or leave the variable out", who, printable(*facts.grant.visible),
                     names.size(), facts.gpus.size());
}

std::string given_text(GpuGrant const& grant) {
  return fmt::format("{}={}", grant.slurm_variable, printable(grant.slurm));
}

void check_slurm(std::string const& who, Facts const& facts) {
  auto const given = indices_in(facts.grant.slurm);
  bool const has_slices =
      std::any_of(facts.gpus.begin(), facts.gpus.end(), [](Gpu const& gpu) { return gpu.mig == Mig::slice; });
  // Without a driver the GPUs that Slurm counts are none of NVIDIA's; slices are numbered apart from cards.
  if (given.empty() || has_slices || facts.grant.in_machine == 0) return;
  MUSTER_REQUIRE_ENV(facts.gpus.size() <= given.size(),
                     "{} sees {} GPUs and Slurm gave {} ({}; the others may be another job's); leave CUDA_VISIBLE_DEVICES as "
                     "Slurm sets it", who, facts.gpus.size(), given.size(), given_text(facts.grant));
  MUSTER_REQUIRE_ENV(facts.grant.visible || facts.gpus.size() == given.size(),
                     "{} sees {} GPUs and Slurm gave {} ({}; the rest does not answer); look at nvidia-smi there, leave that "
                     "machine out, or compute without GPUs by --device cpu", who, facts.gpus.size(), given.size(),
                     given_text(facts.grant));
  // Where a control group hides the other cards, the driver's numbers are not Slurm's.
  if (facts.grant.in_machine <= *given.rbegin()) return;
  for (auto const& gpu : facts.gpus)
    MUSTER_REQUIRE_ENV(gpu.index < 0 || given.contains(gpu.index),
                       "{} sees GPU {} ({}) and Slurm gave {} (it may be another job's; CUDA numbers GPUs by speed unless told "
                       "otherwise); set CUDA_DEVICE_ORDER=PCI_BUS_ID and leave CUDA_VISIBLE_DEVICES as Slurm sets it", who,
                       gpu.index, printable(gpu.uuid.empty() ? gpu.name : gpu.uuid), given_text(facts.grant));
}

}  // namespace

void check_grants(std::vector<std::optional<Facts>> const& ranks, Demand const& demand) {
  if (demand.device == DeviceChoice::cpu || demand.mode == Mode::cpu) return;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (!ranks[rank] || !ranks[rank]->gpus_unused.empty()) continue;
    auto const who = fmt::format("rank {} on {}", rank, printable(ranks[rank]->host));
    check_visible(who, *ranks[rank]);
    check_slurm(who, *ranks[rank]);
  }
}

}  // namespace muster::topology
