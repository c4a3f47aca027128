#include <array>

#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

constexpr Features plain{};
constexpr Features mixed{.mixed_precision = true};
constexpr Features mixed_checkpointed{.gradient_checkpointing = true, .mixed_precision = true};
constexpr Features mixed_tf32{.mixed_precision = true, .tf32 = true};
constexpr Features mixed_tf32_checkpointed{
    .gradient_checkpointing = true, .mixed_precision = true, .tf32 = true};
constexpr Features tf32{.tf32 = true};
constexpr Features tf32_flash{.tf32 = true, .flash_attention = true};
constexpr Features everything{.mixed_precision = true, .tf32 = true, .flash_attention = true};

// Thirteen cards of the inventory muster replaces; where it gives a range, the larger value goes with the
// larger memory, and of a range on one memory size training takes the lower value.
// Then newer cards, placed beside the row of like memory; their ratings are priors from single-precision
// peak rates against the A100's, not measurements.
constexpr std::array rows{
    //       name     GB  train  else  models                     features       rated  capability
    Profile{"RTX 3050", 4, 16, 16, "LSTM, small net", mixed_checkpointed, 1, 86},
    Profile{"RTX 3060", 12, 48, 48, "LSTM, medium net", mixed_tf32, 3, 86},
    Profile{"RTX 3070", 8, 32, 32, "LSTM, small transformer", mixed_tf32_checkpointed, 5, 86},
    Profile{"RTX 3080", 10, 48, 48, "medium transformer", mixed_tf32, 10, 86},
    Profile{"RTX 3080", 12, 64, 64, "medium transformer", mixed_tf32, 10, 86},
    Profile{"RTX 3090", 24, 96, 128, "large transformer", everything, 20, 86},
    Profile{"RTX 4070", 12, 64, 64, "medium transformer", tf32, 15, 89},
    Profile{"RTX 4080", 16, 96, 96, "large transformer", tf32_flash, 25, 89},
    Profile{"RTX 4090", 24, 128, 256, "XL transformer", everything, 40, 89},
    Profile{"T4", 16, 32, 32, "medium", plain, 8, 75},
    Profile{"V100", 16, 64, 64, "large", mixed, 30, 70},
    Profile{"V100", 32, 128, 128, "large", mixed, 30, 70},
    Profile{"A10", 24, 64, 64, "large", mixed_tf32, 20, 86},
    Profile{"A40", 48, 128, 256, "XL", everything, 50, 86},
    Profile{"A100", 40, 256, 256, "XXL", everything, 100, 80},
    Profile{"A100", 80, 512, 512, "XXL", everything, 100, 80},

    Profile{"L4", 24, 64, 64, "large", everything, 25, 89},
    Profile{"L40S", 48, 128, 256, "XL", everything, 70, 89},
    Profile{"RTX 5070", 12, 64, 64, "medium transformer", everything, 25, 120},
    Profile{"RTX 5080", 16, 96, 96, "large transformer", everything, 40, 120},
    Profile{"RTX 5090", 32, 128, 256, "XL transformer", everything, 75, 120},
    Profile{"H100", 80, 512, 512, "XXL", everything, 300, 90},
    Profile{"H100", 94, 512, 512, "XXL", everything, 300, 90},
    Profile{"H200", 141, 512, 512, "XXL", everything, 320, 90},
    Profile{"GH200", 96, 512, 512, "XXL", everything, 320, 90},
    Profile{"GH200", 144, 512, 512, "XXL", everything, 320, 90},
    Profile{"B200", 180, 512, 512, "XXL", everything, 380, 100},
};

}  // namespace

std::span<Profile const> profiles() { return rows; }

}  // namespace muster::topology
