// nvidia-smi -q -x
#include <algorithm>
#include <cstdint>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/cards.hpp"
#include "topology/facts_io.hpp"
#include "topology/nvml.hpp"
#include "topology/profiles.hpp"
#include "topology/xml.hpp"

namespace muster::topology {
namespace {

constexpr std::uint64_t most_mib = std::uint64_t{1} << 30;

/// "81920 MiB" or "1980 MHz"; 0 for "N/A" and whatever is no number.
std::uint64_t number_before(std::string_view text, std::string_view unit) {
  if (!text.ends_with(unit)) return 0;
  text.remove_suffix(unit.size());
  auto const value = parse_count(trimmed(text));
  return value && *value <= most_mib ? *value : 0;
}

std::uint64_t mib(XmlElement const& element, std::string_view path) {
  return number_before(element.at(path), "MiB") << 20;
}

void take_memory(XmlElement const& element, Gpu& gpu) {
  gpu.memory_bytes = mib(element, "fb_memory_usage/total");
  gpu.free_bytes = std::min(mib(element, "fb_memory_usage/free"), gpu.memory_bytes);
}

Gpu read_card(XmlElement const& element) {
  Gpu gpu;
  gpu.name = printable(element.at("product_name"), 96);
  gpu.uuid = printable(element.at("uuid"), 96);
  gpu.pci_address = normal_pci_address(printable(element.id.empty() ? element.at("pci/pci_bus_id") : element.id, 32));
  take_memory(element, gpu);
  gpu.clock_mhz = static_cast<int>(number_before(element.at("max_clocks/sm_clock"), "MHz"));
  auto const ecc = element.at("ecc_mode/current_ecc");
  if (ecc == "Enabled" || ecc == "Disabled") gpu.ecc = ecc == "Enabled" ? Ecc::on : Ecc::off;
  auto const mig = element.at("mig_mode/current_mig");
  if (mig == "Enabled" || mig == "Disabled") gpu.mig = mig == "Enabled" ? Mig::on : Mig::off;
  if (auto const* const card = find_card(gpu.name, nominal_memory_gb(gpu.memory_bytes))) {
    gpu.multiprocessors = card->multiprocessors;
    gpu.capability_major = card->capability / 10;
    gpu.capability_minor = card->capability % 10;
  }
  return gpu;
}

/// The slices of a cut card; nvidia-smi names them by their instances alone.
void add_slices(XmlElement const& element, Gpu const& card, std::vector<Gpu>& gpus) {
  auto const* const devices = element.find("mig_devices");
  if (devices == nullptr) return;
  for (auto const& device : devices->children) {
    if (device.name != "mig_device") continue;
    Gpu slice = card;
    slice.mig = Mig::slice;
    slice.uuid = printable(device.at("uuid"), 96);
    slice.nvlinks = 0;
    take_memory(device, slice);
    slice.name = fmt::format("{} MIG {}GB", card.name, nominal_memory_gb(slice.memory_bytes));
    slice.multiprocessors = static_cast<int>(
        std::min<std::uint64_t>(parse_count(device.at("device_attributes/shared/multiprocessor_count")).value_or(0), 1000));
    gpus.push_back(slice);
  }
}

}  // namespace

void add_smi_xml(Facts& facts, std::string const& text, std::string const& source) {
  std::string fault;
  auto const log = parse_xml(text, fault);
  MUSTER_REQUIRE(log.has_value(), "{}: {} (it is cut off or no XML); write it anew with nvidia-smi -q -x", source, fault);
  MUSTER_REQUIRE(log->name == "nvidia_smi_log", "{}: <{}> is not what nvidia-smi writes; write it anew with nvidia-smi -q -x",
                 source, printable(log->name));
  facts.driver_version = printable(log->at("driver_version"));
  std::vector<Gpu> gpus;
  for (auto const& element : log->children) {
    if (element.name != "gpu") continue;
    auto const card = read_card(element);
    MUSTER_REQUIRE(!card.name.empty(), "{}: a GPU has no product_name (it says which card it is); write the file anew with "
                   "nvidia-smi -q -x", source);
    if (card.mig == Mig::on)
      add_slices(element, card, gpus);
    else
      gpus.push_back(card);
  }
  MUSTER_REQUIRE(gpus.size() <= most_gpus_a_machine, "{}: {} GPUs (at most {} a machine)", source, gpus.size(),
                 most_gpus_a_machine);
  for (std::size_t i = 0; i < gpus.size(); ++i) gpus[i].ordinal = static_cast<int>(i);
  facts.gpus = std::move(gpus);
  facts.links.clear();
}

}  // namespace muster::topology
