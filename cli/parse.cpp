// The only file that includes CLI11.
#include <CLI/CLI.hpp>

#include <array>
#include <functional>
#include <string_view>

#include "cli/options.hpp"
#include "comm/reduce.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"

namespace muster::cli {
namespace {

constexpr std::string_view purpose =
    "muster computes quant-finance jobs on whatever hardware there is, with one answer to the last bit.";
constexpr std::string_view top_footer =
    "Examples:\n"
    "  muster run examples/price_book.toml\n"
    "  mpirun -n 4 muster run examples/price_book.toml\n"
    "  muster verify price_book.h5\n\n"
    "Exit codes: 0 done, 2 the job file, arguments or data are at fault, 3 the machine is, 4 the job failed,\n"
    "70 a bug of muster's, 75 stopped in good order and resumable. Documentation: docs/ beside the source.";

/// The parser while it is put together: commands fill `chosen` when their turn comes.
struct Parser {
  CLI::App app{std::string(purpose), "muster"};
  Invocation invocation;
  bool wants_json = false;  // for the help; form_asked_for() has read it already

  CLI::App* add(std::string const& name, std::string const& help, std::string const& example) {
    auto* const command = app.add_subcommand(name, help);
    command->footer("Example:\n  " + example);
    command->add_flag("--json", wants_json, "Print exactly one JSON value on stdout, errors too");
    command->allow_extras();  // told by us, with the nearest known option
    return command;
  }

  /// The options live as long as the parser; the callback copies them once all are read.
  template <class Options>
  std::shared_ptr<Options> on_chosen(CLI::App* command) {
    auto options = std::make_shared<Options>();
    command->callback([this, options] { invocation.command = *options; });
    return options;
  }
};

topology::DeviceChoice parse_device(std::string const& word) {
  if (word == "auto") return topology::DeviceChoice::automatic;
  if (word == "cpu") return topology::DeviceChoice::cpu;
  if (word == "gpu") return topology::DeviceChoice::gpu;
  throw_error(Exit::user, "--device {} (must be auto, cpu or gpu); use auto to take a GPU where there is one",
              printable(word));
}

Sums parse_sums(std::string const& word) {
  if (word == "auto") return Sums::automatic;
  if (word == "host") return Sums::host;
  MUSTER_REQUIRE(word == "nccl", "--sums {} (must be auto, nccl or host); leave it out to have it chosen", printable(word));
  MUSTER_REQUIRE(comm::nccl_rendezvous() != nullptr, "--sums nccl (this build has no NCCL); leave it out, or configure with -DMUSTER_WITH_NCCL=ON");
  return Sums::nccl;
}

topology::Mode parse_mode_word(std::string const& word) {
  auto const mode = topology::parse_mode(word);
  MUSTER_REQUIRE(mode.has_value(), "--mode {} (must be cpu, standalone, data or model+data); leave it out to have it chosen",
                 printable(word));
  return *mode;
}

Launcher parse_launcher(std::string const& word) {
  if (word == "mpirun") return Launcher::mpirun;
  if (word == "srun") return Launcher::srun;
  if (word == "none") return Launcher::none;
  throw_error(Exit::user, "--launcher {} (must be mpirun, srun or none); leave it out for ranks as threads of this process",
              printable(word));
}

constexpr std::uint64_t least_memory_bytes = std::uint64_t{16} << 20;

/// Where a size of memory goes.
std::function<void(std::string const&)> memory_into(std::uint64_t& bytes, std::string_view option) {
  return [&bytes, option](std::string const& word) {
    auto const size = parse_bytes(trimmed(word));
    MUSTER_REQUIRE(size && *size >= least_memory_bytes && *size <= std::uint64_t{1} << 50,
                   "{} {} (must be a size from 16 MiB to 1 PiB, of all that a process takes); write {} 4GB, or leave it out",
                   option, printable(word), option);
    bytes = *size;
  };
}

CLI::Option* add_job(CLI::App* command, JobArguments& job) {
  auto* const file = command->add_option("JOB.toml", job.file, "The job file")->required();
  command->add_option("--set", job.overrides, "Replace a setting of the job file, e.g. --set simulation.paths=1e6")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return file;
}

void add_machine(CLI::App* command, MachineArguments& machine) {
  command->add_option_function<std::string>(
             "--device", [&machine](std::string const& word) { machine.device = parse_device(word); },
             "Compute on: auto (a GPU where there is one), cpu, gpu")
      ->type_name("WHERE");
  command->add_option_function<std::string>(
             "--mode", [&machine](std::string const& word) { machine.mode = parse_mode_word(word); },
             "Drive the GPUs as cpu (not at all), standalone (one), data or model+data (default: by their number)")
      ->type_name("MODE");
  command->add_option("--ranks", machine.ranks, "Ranks, as threads of this process (default 1)");
  command->add_option("--threads", machine.threads, "CPU threads a rank (default: the machine's cores, shared)");
  command->add_flag_callback("--share-gpus", [&machine] { machine.sharing = topology::GpuSharing::allowed; },
                             "Let several ranks compute on one GPU where there are more ranks than GPUs");
  command->add_option_function<std::string>("--device-memory", memory_into(machine.device_memory_bytes, "--device-memory"),
                                            "Most to take of each GPU, e.g. 4GB (default: nearly all of the free memory)")
      ->type_name("SIZE");
  command->add_option_function<std::string>("--memory", memory_into(machine.memory_bytes, "--memory"),
                                            "Most a process takes of the machine's memory (default: nearly all that is free)")
      ->type_name("SIZE");
}

void add_on(CLI::App* command, std::string& on) {
  command->add_option("--on", on, "Another machine: \"8x A100-80GB\", \"16 nodes x 8x H100\", \"64 cores\", or a machine file")
      ->type_name("MACHINE")
      ->check([](std::string const& text) {
        MUSTER_REQUIRE(!trimmed(text).empty(),
                       "--on is empty (it says which machine to plan for); write --on \"8x A100-80GB\"");
        return std::string();
      });
}

void add_quiet(CLI::App* command, Chatter& chatter) {
  command->add_flag_callback("--quiet", [&chatter] { chatter = Chatter::quiet; }, "No progress, no plan");
}

void add_run(Parser& parser) {
  auto* const command = parser.add("run", "Check, plan and run a job; resumes an unfinished run by itself",
                                   "muster run examples/price_book.toml --out book.h5 --csv book.csv");
  auto const options = parser.on_chosen<RunOptions>(command);
  add_job(command, options->job);
  command->add_option("--out", options->output, "Result file (default: the job's name + .h5, here)")->type_name("F.h5");
  command->add_option("--csv", options->csv, "Write the result tables as CSV too")->type_name("F.csv");
  command->add_flag_callback("--fresh", [options] { options->start = Start::fresh; },
                             "Start over, whatever an earlier run of the output left");
  command->add_option("--commit-interval", options->commit_interval_s,
                      "Seconds between saves: what a kill can cost (default 10)")->type_name("SECONDS");
  add_machine(command, options->machine);
  command->add_option_function<std::string>(
             "--launcher", [options](std::string const& word) { options->launcher = parse_launcher(word); },
             "Start --ranks as processes by mpirun or srun and start them again after a loss")
      ->type_name("HOW");
  command->add_option_function<std::string>(
             "--sums", [options](std::string const& word) { options->sums = parse_sums(word); },
             "Add up what GPUs of several ranks compute by nccl or in rank 0's host memory (default: by nccl if no GPU is shared)")
      ->type_name("WHERE");
  add_quiet(command, options->chatter);
}

void add_check_and_plan(Parser& parser) {
  auto* const check = parser.add("check", "Validate a job file; all faults at once, or the resolved job",
                                 "muster check examples/price_book.toml");
  auto const checked = parser.on_chosen<CheckOptions>(check);
  auto* const file = add_job(check, checked->job);
  check->add_option_function<std::string>(
           "--reference",
           [checked, file](std::string const& kind) {
             checked->reference_of = kind;
             file->required(false);
           },
           "Explain every key of a kind of job (Markdown) instead")
      ->type_name("KIND")
      ->trigger_on_parse();
  auto* const plan = parser.add("plan", "What would run where, on this machine or another, and why",
                                "muster plan examples/price_book.toml --on \"8x A100-80GB\"");
  auto const options = parser.on_chosen<PlanOptions>(plan);
  add_job(plan, options->job)->required(false);
  add_on(plan, options->on);
  add_machine(plan, options->machine);
}

void add_verify_and_replay(Parser& parser) {
  auto* const verify = parser.add("verify", "Recompute tiles of a result on this machine and compare the bits",
                                  "muster verify price_book.h5 --sample 100%");
  auto const checked = parser.on_chosen<VerifyOptions>(verify);
  verify->add_option("F.h5", checked->result, "The result")->required();
  verify->add_option("--sample", checked->sample,
                     "Share of the tiles, or a number of them (default 1%, at least 16 tiles); 100% compares "
                     "the sums and tables too")->type_name("SHARE");
  verify->add_option("--sample-seed", checked->sample_seed, "Another seed picks other tiles (default 0)");
  add_machine(verify, checked->machine);
  auto* const replay = parser.add("replay", "Run a result's job again from the file alone and compare digests",
                                  "muster replay price_book.h5");
  auto const again = parser.on_chosen<ReplayOptions>(replay);
  replay->add_option("F.h5", again->result, "The result")->required();
  add_machine(replay, again->machine);
  add_quiet(replay, again->chatter);
}

void add_diff(Parser& parser) {
  auto* const diff = parser.add("diff", "What differs between two results; exit code 0 the same, 1 different",
                                "muster diff monday.h5 tuesday.h5");
  auto const pair = parser.on_chosen<DiffOptions>(diff);
  diff->add_option("A.h5", pair->a, "One result")->required();
  diff->add_option("B.h5", pair->b, "The other")->required();
}

void add_backtest(Parser& parser) {
  auto* const command = parser.add("backtest", "Run a strategy of an evolve result, or one written by hand, trade by trade",
                                   "muster backtest rules.h5 --bars other.h5 --csv champion.csv");
  auto const options = parser.on_chosen<BacktestOptions>(command);
  command->add_option("F.h5", options->result, "The result whose champion, rules and costs are meant")->required();
  command->add_option("--bars", options->bars, "Other bars, as one span (default: the job's own, span by span)")->type_name("BARS");
  command->add_option("--rule", options->rule, "This rule in place of the champion, as results print them")->type_name("RULE");
  command->add_option("--place", options->place, "Of the hall of fame, from 1, in place of the champion")->type_name("N");
  command->add_option("--csv", options->csv, "Write metrics, symbols, trades and account as CSV too")->type_name("F.csv");
}

void add_predict(Parser& parser) {
  auto* const command = parser.add("predict", "Price contracts with the network of a train result",
                                   "muster predict calls.h5 contracts.csv --csv priced.csv");
  auto const options = parser.on_chosen<PredictOptions>(command);
  command->add_option("F.h5", options->result, "The result whose network is meant")->required();
  command->add_option("CONTRACTS.csv", options->inputs, "A row a contract, a column an input (muster run tells their names)")->required();
  command->add_option("--csv", options->csv, "Write prices and Greeks as CSV too")->type_name("F.csv");
}

void add_export(Parser& parser) {
  auto* const command = parser.add("export", "Write the network of a train result for other programs",
                                   "muster export calls.h5 --onnx calls.onnx --safetensors calls.safetensors");
  auto const options = parser.on_chosen<ExportOptions>(command);
  command->add_option("F.h5", options->result, "The result whose network is meant")->required();
  command->add_option("--onnx", options->onnx, "ONNX: contracts in, the price and its Greeks out")->type_name("F.onnx");
  command->add_option("--safetensors", options->safetensors, "safetensors: the parameters, as PyTorch names them")->type_name("F.safetensors");
}

void add_features(Parser& parser) {
  auto* const command = parser.add("features", "Features of bars by an autoencoder, for evolve jobs",
                                   "muster features coder.h5 bars.h5 --out features.h5");
  auto const options = parser.on_chosen<FeaturesOptions>(command);
  command->add_option("F.h5", options->result, "The train result whose autoencoder is meant")->required();
  command->add_option("BARS", options->bars, "A bar file, or a generated market as in job files")->required();
  command->add_option("--out", options->output, "Feature file (default: the result's name + _features.h5, here)")->type_name("FEATURES.h5");
}

void add_output(CLI::App* command, std::filesystem::path& output) {
  command->add_option("F.h5", output, "The run's output file")->required();
}

void add_status_and_stop(Parser& parser) {
  auto* const status = parser.add("status", "Progress and verdict of a run, from any shell",
                                  "muster status price_book.h5 --exit-code");
  auto const asked = parser.on_chosen<StatusOptions>(status);
  add_output(status, asked->output);
  status->add_flag_callback("--exit-code", [asked] { asked->exit = StatusExit::of_the_run; },
                            "Exit with the run's own code; 75 while it is unfinished");
  status->add_flag_callback("--why", [asked] { asked->detail = Detail::why; },
                            "What holds it up or what ended it, and the last warnings of its log");
  auto* const stop = parser.add("stop", "Ask a run to stop in good order, from any machine that sees its files",
                                "muster stop price_book.h5");
  add_output(stop, parser.on_chosen<StopOptions>(stop)->output);
}

void add_wait_and_logs(Parser& parser) {
  auto* const wait = parser.add("wait", "Wait until a run has a verdict; exits with the run's own code",
                                "muster wait price_book.h5 --timeout 3600");
  auto const waited = parser.on_chosen<WaitOptions>(wait);
  add_output(wait, waited->output);
  wait->add_option("--timeout", waited->timeout_s, "Give up after so long, with exit code 75")->type_name("SECONDS");
  auto* const logs = parser.add("logs", "What a run has logged, over all its starts", "muster logs price_book.h5 --follow");
  auto const read = parser.on_chosen<LogsOptions>(logs);
  add_output(logs, read->output);
  logs->add_flag_callback("--follow", [read] { read->follow = Follow::yes; }, "Go on until the run has a verdict");
}

void add_bars_sources(CLI::App* command, ImportBarsOptions& options) {
  command->add_option("FILE", options.sources, "Bar files, plain, gz, xz, zst or zip; pages and parts are joined");
  command->add_option("--out", options.output, "Bar file (default: the first source's name + .h5, here)")->type_name("F.h5");
  command->add_option("--factors", options.factors, "LEAN factor files: splits and dividends of files without them")
      ->type_name("FILE");
  command->add_option_function<std::string>(
             "--synthetic", [&options](std::string const& market) { options.synthetic = market; },
             "No files: a generated market, e.g. symbols=20,days=2520,seed=7")
      ->type_name("MARKET");
}

void add_import_bars(Parser& parser, CLI::App* import) {
  auto* const command = import->add_subcommand("bars", "Turn vendors' price bars into a bar file");
  command->footer("Example:\n  muster import bars daily.csv.xz --out bars.h5 --symbols AAPL,MSFT --from 2015-01-01");
  command->add_flag("--json", parser.wants_json, "Print exactly one JSON value on stdout, errors too");
  command->allow_extras();
  auto const options = parser.on_chosen<ImportBarsOptions>(command);
  add_bars_sources(command, *options);
  command->add_option("--symbols", options->symbols, "Only these, e.g. AAPL,MSFT")->delimiter(',');
  command->add_option("--from", options->from, "First day, e.g. 2015-12-24")->type_name("DATE");
  command->add_option("--to", options->to, "Last day")->type_name("DATE");
  command->add_option("--symbol", options->symbol, "Whose prices, where the file does not say");
  command->add_option("--date", options->date, "Which day, where the file has times of day alone")->type_name("DATE");
  command->add_option("--interval", options->interval, "day, hour or minute, where the times do not tell");
  command->add_option("--calendar", options->calendar, "us_equity (default) or none");
  command->add_option("--currency", options->currency, "Currency of the prices (default USD)");
}

void add_import(Parser& parser) {
  auto* const command = parser.add("import", "Turn vendors' option chains into a market file",
                                   "muster import spx.csv.xz --out spx.h5 --as-of 2023-09-14T16:00-04:00");
  auto const options = std::make_shared<ImportOptions>();
  command->add_option("CHAIN", options->sources, "Chain files, plain, gz, xz, zst or zip; several are pages of one");
  add_import_bars(parser, command);
  command->callback([&parser, command, options] {
    if (!command->get_subcommands().empty()) return;
    MUSTER_REQUIRE(!options->sources.empty(), "CHAIN is required (nothing was done); see muster import --help");
    parser.invocation.command = *options;
  });
  command->add_option("--out", options->output, "Market file (default: the first source's name + .h5, here)")
      ->type_name("F.h5");
  command->add_option("--as-of", options->as_of, "Time of the quotes with its zone, where the file has none")
      ->type_name("TIME");
  command->add_option("--rate", options->rate, "Continuous rate a year in place of the one put-call parity gives");
  command->add_option("--currency", options->currency, "Currency of the quotes (default USD)");
}

void add_count(CLI::App* command, std::string const& name, std::function<void(int)> const& take, std::string const& help) {
  command->add_option_function<std::string>(
             name,
             [name, take](std::string const& text) {
               auto const count = parse_count(text);
               constexpr std::uint64_t most = 65536;
               MUSTER_REQUIRE(count && *count <= most, "{} {} (must be a number from 0 to {}); leave it out to have it chosen",
                              name, printable(text), most);
               take(static_cast<int>(*count));
             },
             help)
      ->type_name("N");
}

/// What the batch job asks Slurm for.
void add_allocation(CLI::App* command, std::shared_ptr<SubmitOptions> const& options) {
  command->add_option("--nodes", options->nodes, "Machines, or a range of them (default: as many as --on has, or 1)")
      ->type_name("N or MIN-MAX");
  command->add_option("--time", options->time, "Time limit (default: from the expected time); the run stops ahead of it and is requeued")->type_name("[D-]H:M:S");
  command->add_option("--account", options->account, "Account to charge")->type_name("NAME");
  command->add_option("--partition", options->partition, "Partition (default: the site's)")->type_name("NAME");
  command->add_option("--constraint", options->constraint, "Features the nodes must have")->type_name("LIST");
  command->add_option("--mem", options->memory, "Memory of a node (default: from what the job needs)")->type_name("SIZE");
  add_count(command, "--gpus-per-node", [options](int n) { options->gpus_per_node = n; }, "GPUs of a node (default: all)");
  add_count(command, "--tasks-per-node", [options](int n) { options->tasks_per_node = n; },
            "Ranks on a node (default: one a GPU, or one)");
  add_count(command, "--cpus-per-task", [options](int n) { options->cpus_per_task = n; },
            "CPUs of a rank (default: the node's, shared)");
}

void add_submit(Parser& parser) {
  auto* const command = parser.add("submit", "Put a job into Slurm's queue; several job files become an array",
                                   "muster submit book.toml --nodes 2-4 --time 2:00:00 --dry-run");
  auto const options = parser.on_chosen<SubmitOptions>(command);
  command->add_option("JOB.toml", options->jobs, "The job file, or the job files of an array")->required();
  command->add_option("--set", options->overrides, "Replace a setting of every job file")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--out", options->output, "Result file (default: the job's name + .h5, here)")->type_name("F.h5");
  command->add_option("--commit-interval", options->commit_interval_s, "As for muster run")->type_name("SECONDS");
  add_on(command, options->on);
  add_allocation(command, options);
  command->add_option("--launcher", options->launcher, "mpirun or srun (default: mpirun where it knows Slurm)")->type_name("HOW");
  command->add_flag_callback("--dry-run", [options] { options->action = SubmitAction::print; },
                             "Print the script and submit nothing");
  command->add_flag_callback("--test-only", [options] { options->action = SubmitAction::ask_slurm; },
                             "Ask Slurm when it would start, and submit nothing");
  command->add_option("--keep", options->keep, "Write the script there too, to edit and to submit by hand")->type_name("FILE");
}

void add_topology(Parser& parser) {
  auto* const command = parser.add("topology", "This machine: CPUs, memory, GPUs, the links between them",
                                   "muster topology --json > machine.json");
  auto const options = parser.on_chosen<TopologyOptions>(command);
  add_on(command, options->on);
}

void add_selftest(Parser& parser) {
  auto* const command = parser.add("selftest", "Check this installation end to end: CPU, GPUs, files, MPI, Slurm",
                                   "muster selftest results/");
  auto const options = parser.on_chosen<SelftestOptions>(command);
  command->add_option("FOLDER", options->folder, "Where jobs will write (default: here)");
}

template <class Range, class Name>
std::string suggestion(std::string_view word, Range const& range, Name const& name) {
  std::vector<std::string> names;
  for (auto const* item : range) names.push_back(name(item));
  std::vector<std::string_view> const known(names.begin(), names.end());
  return suggest(word, known);
}

/// A first word that is no command, told before CLI11 would say "not expected".
void check_command(CLI::App& app, int count, char const* const* arguments) {
  if (count < 2 || arguments[1][0] == '-') return;
  auto const commands = app.get_subcommands([](CLI::App*) { return true; });
  for (auto const* command : commands)
    if (command->get_name() == arguments[1]) return;
  throw_error(Exit::user, "unknown command \"{}\" (nothing was done); {}", printable(arguments[1]),
              suggestion(arguments[1], commands, [](auto const* command) { return command->get_name(); }));
}

void check_extras(CLI::App const& command) {
  auto const extras = command.remaining();
  for (auto const* nested : command.get_subcommands()) check_extras(*nested);
  if (extras.empty()) return;
  auto const word = extras.front().substr(0, extras.front().find('='));
  MUSTER_REQUIRE(word.starts_with('-'), "unexpected argument \"{}\" (muster {} takes no more of them); see muster {} --help",
                 printable(word), command.get_name(), command.get_name());
  std::vector<CLI::Option const*> options;
  for (auto const* option : command.get_options())
    if (option->nonpositional()) options.push_back(option);
  throw_error(Exit::user, "unknown option {} for muster {} (nothing was done); {}", printable(word), command.get_name(),
              suggestion(word, options, [](auto const* option) { return option->get_name(); }));
}

std::string_view chosen_name(CLI::App const& app) {
  auto const chosen = app.get_subcommands();
  return chosen.empty() ? std::string_view{} : std::string_view(chosen.front()->get_name());
}

}  // namespace

Form form_asked_for(int count, char const* const* arguments) {
  for (int i = 1; i < count; ++i)
    if (std::string_view(arguments[i]) == "--json") return Form::json;
  return Form::table;
}

Invocation parse_arguments(int count, char const* const* arguments) {
  Parser parser;
  parser.invocation.form = form_asked_for(count, arguments);
  parser.app.footer(std::string(top_footer));
  parser.app.require_subcommand(0, 1);
  parser.app.add_flag("--json", parser.wants_json, "Print exactly one JSON value on stdout, errors too");
  bool wants_version = false;
  parser.app.add_flag("--version", wants_version, "Version, git sha, build options, arithmetic version");
  parser.app.allow_extras();
  add_run(parser);
  add_check_and_plan(parser);
  add_verify_and_replay(parser);
  add_diff(parser);
  add_backtest(parser);
  add_predict(parser);
  add_export(parser);
  add_features(parser);
  add_status_and_stop(parser);
  add_wait_and_logs(parser);
  add_import(parser);
  add_submit(parser);
  add_topology(parser);
  add_selftest(parser);

  check_command(parser.app, count, arguments);
  parser.invocation.command = HelpText{parser.app.help()};
  try {
    parser.app.parse(count, arguments);
  } catch (CLI::CallForHelp const&) {
    parser.invocation.command = HelpText{parser.app.help()};
    return parser.invocation;
  } catch (CLI::ParseError const& fault) {
    for (auto const* command : parser.app.get_subcommands()) check_extras(*command);
    auto const name = chosen_name(parser.app);
    throw_error(Exit::user, "{} (nothing was done); see muster {}--help", fault.what(),
                name.empty() ? "" : std::string(name) + " ");
  }
  for (auto const* command : parser.app.get_subcommands()) check_extras(*command);
  check_extras(parser.app);
  if (wants_version) parser.invocation.command = VersionOptions{};
  if (auto* const run = std::get_if<RunOptions>(&parser.invocation.command)) run->words.assign(arguments + 1, arguments + count);
  return parser.invocation;
}

}  // namespace muster::cli
