// What the command line asked for, as plain data: one struct for each command.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/output.hpp"
#include "topology/plan.hpp"

namespace muster::cli {

/// A job file and the settings given beside it.
struct JobArguments {
  std::filesystem::path file;
  std::vector<std::string> overrides;  ///< "a.b=v"
};

/// What to compute with.
struct MachineArguments {
  topology::DeviceChoice device = topology::DeviceChoice::automatic;
  std::optional<topology::Mode> mode;  ///< none: by the number of GPUs
  int ranks = 1;    ///< as threads of this process
  int threads = 0;  ///< a rank; 0 = from the machine
  topology::GpuSharing sharing = topology::GpuSharing::refused;
  std::uint64_t device_memory_bytes = 0;  ///< most to take of a GPU; 0 = by the card's rule
  std::uint64_t memory_bytes = 0;         ///< most to take of the machine's memory; 0 = by what is free
};

enum class Start { resume, fresh };
/// What starts the ranks as processes; `none`: they are threads of this one, or were started already.
enum class Launcher { none, mpirun, srun };
enum class Chatter { normal, quiet };
/// Where what GPUs of several ranks compute together is added up: among them by NCCL, or in rank 0's memory; `automatic`: as
/// planned.
enum class Sums { automatic, nccl, host };

struct RunOptions {
  JobArguments job;
  MachineArguments machine;
  std::filesystem::path output;  ///< empty: the job's name + ".h5" in the current directory
  std::filesystem::path csv;     ///< empty: none
  Start start = Start::resume;
  Chatter chatter = Chatter::normal;
  double commit_interval_s = 10;
  Sums sums = Sums::automatic;
  Launcher launcher = Launcher::none;
  std::vector<std::string> words;  ///< of the command line behind the program's name
};
struct CheckOptions {
  JobArguments job;
  std::string reference_of;  ///< a kind whose keys are to be explained instead; empty: none
};
struct PlanOptions {
  JobArguments job;  ///< no file: the machine alone, and every kind's settings
  MachineArguments machine;
  std::string on;    ///< words or a file instead of this machine; empty: this one
};
struct VerifyOptions {
  std::filesystem::path result;
  MachineArguments machine;
  std::string sample = "1%";
  std::uint64_t sample_seed = 0;
};
struct ReplayOptions {
  std::filesystem::path result;
  MachineArguments machine;
  Chatter chatter = Chatter::normal;
};
struct DiffOptions {
  std::filesystem::path a, b;
};
struct BacktestOptions {
  std::filesystem::path result;
  std::string bars;  ///< a bar file or "synthetic:..."; empty: the job's own, span by span
  std::string rule;  ///< instead of one of the result
  std::int64_t place = 0;  ///< in the hall of fame; 0: the champion
  std::filesystem::path csv;  ///< empty: none
};
struct PredictOptions {
  std::filesystem::path result;
  std::filesystem::path inputs;  ///< CSV
  std::filesystem::path csv;     ///< empty: none
};
struct ExportOptions {
  std::filesystem::path result;
  std::filesystem::path onnx, safetensors;  ///< empty: none
};
struct FeaturesOptions {
  std::filesystem::path result;
  std::string bars;              ///< a bar file or "synthetic:..."
  std::filesystem::path output;  ///< empty: the result's name + "_features.h5", here
};
enum class StatusExit { of_this_command, of_the_run };
enum class Detail { brief, why };
struct StatusOptions {
  std::filesystem::path output;
  StatusExit exit = StatusExit::of_this_command;
  Detail detail = Detail::brief;
};
struct StopOptions {
  std::filesystem::path output;
};
struct WaitOptions {
  std::filesystem::path output;
  std::optional<double> timeout_s;  ///< none: for as long as it takes
};
enum class Follow { no, yes };
struct LogsOptions {
  std::filesystem::path output;
  Follow follow = Follow::no;
};
struct ImportOptions {
  std::vector<std::filesystem::path> sources;
  std::filesystem::path output;
  std::string as_of;
  std::optional<double> rate;
  std::string currency = "USD";
};
struct ImportBarsOptions {
  std::vector<std::filesystem::path> sources;
  std::filesystem::path output;
  std::vector<std::string> symbols;
  std::string from, to;
  std::string symbol, date, interval;  ///< what a file may not say
  std::string calendar = "us_equity";
  std::string currency = "USD";
  std::vector<std::filesystem::path> factors;
  std::optional<std::string> synthetic;
};
enum class SubmitAction { submit, print, ask_slurm };
struct SubmitOptions {
  std::vector<std::filesystem::path> jobs;  ///< more than one: an array
  std::vector<std::string> overrides;       ///< as in JobArguments, for all of them
  std::filesystem::path output;             ///< as in RunOptions; one job alone
  std::optional<double> commit_interval_s;
  std::string on;     ///< the nodes' machine, as for plan; empty: Slurm is asked
  std::string nodes;  ///< "4" or "2-8"; empty: as many as `on` has, or 1
  std::string time, account, partition, constraint;  ///< as for sbatch; empty: not said
  std::string memory;                                ///< of a node; empty: its CPUs' share
  std::string launcher;                              ///< "mpirun", "srun"; empty: chosen on the cluster
  int tasks_per_node = 0, cpus_per_task = 0;         ///< 0: from the nodes
  std::optional<int> gpus_per_node;
  SubmitAction action = SubmitAction::submit;
  std::filesystem::path keep;  ///< write the script there; empty: nowhere
};
struct TopologyOptions {
  std::string on;  ///< as for plan; empty: this machine, or all that a launcher started ranks on
};
struct SelftestOptions {
  std::filesystem::path folder = ".";  ///< where outputs would go
};
struct VersionOptions {};
/// Help that was asked for, already rendered.
struct HelpText {
  std::string text;
};

struct Invocation {
  Form form = Form::table;
  std::variant<HelpText, VersionOptions, RunOptions, CheckOptions, PlanOptions, VerifyOptions, ReplayOptions,
               DiffOptions, BacktestOptions, PredictOptions, ExportOptions, FeaturesOptions, ImportOptions, ImportBarsOptions, StatusOptions, StopOptions, WaitOptions, LogsOptions, SubmitOptions,
               TopologyOptions, SelftestOptions>
      command;
};

/// Reads the command line. Throws Error (Exit::user) naming the nearest known command or option.
Invocation parse_arguments(int count, char const* const* arguments);

/// Whether --json stands anywhere on the line: how even its faults are to be told.
Form form_asked_for(int count, char const* const* arguments);

}  // namespace muster::cli
