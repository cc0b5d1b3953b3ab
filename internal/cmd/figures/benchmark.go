package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// benchmark is one line of the output of go test -bench. Its name is without the number
// of cores. The metrics are by unit.
type benchmark struct {
	name    string
	cores   string
	metrics map[string]float64
}

// measurements is the output of go test -bench (golang.org/design/14313-benchmark-format).
type measurements struct {
	machine    map[string]string // goos, goarch, cpu
	benchmarks []benchmark
}

var benchmarkName = regexp.MustCompile(`^Benchmark(\S+?)(?:-(\d+))?$`)

// measuredTables returns the tables of the benchmarks in a file.
func measuredTables(file string) ([]table, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the benchmarks: %w", err)
	}
	defer f.Close()
	m, err := parseBenchmarks(f)
	if err != nil {
		return nil, fmt.Errorf("read the benchmarks of %s: %w", file, err)
	}
	return m.tables()
}

func parseBenchmarks(r io.Reader) (measurements, error) {
	m := measurements{machine: map[string]string{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		if key, isHead := strings.CutSuffix(fields[0], ":"); isHead {
			m.machine[key] = strings.Join(fields[1:], " ")
			continue
		}
		name := benchmarkName.FindStringSubmatch(fields[0])
		if name == nil {
			continue
		}
		b := benchmark{name: name[1], cores: cmp.Or(name[2], "1"), metrics: map[string]float64{}}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return m, fmt.Errorf("%s: %w", fields[0], err)
			}
			b.metrics[fields[i+1]] = value
		}
		m.benchmarks = append(m.benchmarks, b)
	}
	return m, lines.Err()
}

// partsOf returns the sub-benchmarks of a benchmark by their names.
func (m measurements) partsOf(name string) map[string]benchmark {
	parts := map[string]benchmark{}
	for _, b := range m.benchmarks {
		if part, is := strings.CutPrefix(b.name, name+"/"); is {
			parts[part] = b
		}
	}
	return parts
}

func (m measurements) tables() ([]table, error) {
	var tables []table
	for _, of := range []func() (table, error){m.stormTable, m.machineTable, m.bootstrapTable} {
		t, err := of()
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// stormTable shows how the time from an alarm to restored traffic grows with the number
// of deployments that share an account.
func (m measurements) stormTable() (table, error) {
	var rows [][]string
	for _, n := range []string{"10", "100", "1000"} {
		row, err := m.stormRow(n)
		if err != nil {
			return table{}, err
		}
		rows = append(rows, row)
	}
	return newTable("storm", []string{"deployments", "median", "p99", "worst", "time for the needed calls at 15 a second", "calls per needed call", "last one ends after"}, rows), nil
}

// stormRow returns the row for a number of deployments.
func (m measurements) stormRow(deployments string) ([]string, error) {
	storm, found := m.partsOf("Storm")["deployments="+deployments]
	if !found {
		return nil, fmt.Errorf("the benchmark of %s deployments is missing", deployments)
	}
	seconds := func(unit string) string { return fmt.Sprintf("%.2f s", storm.metrics[unit]) }
	return []string{
		deployments, seconds("median-s"), seconds("p99-s"), seconds("worst-s"), seconds("alone-s"),
		fmt.Sprintf("%.2f", storm.metrics["calls/needed"]), fmt.Sprintf("%.1f min", storm.metrics["plan-min"]),
	}, nil
}

// machineTable shows what is measured by this machine's own clock.
func (m measurements) machineTable() (table, error) {
	at := slices.IndexFunc(m.benchmarks, func(b benchmark) bool { return b.name == "Canaries" })
	if at < 0 {
		return table{}, fmt.Errorf("the benchmark Canaries is missing")
	}
	simulated := m.benchmarks[at]
	cores, err := strconv.ParseFloat(simulated.cores, 64)
	if err != nil {
		return table{}, fmt.Errorf("the cores of the benchmark Canaries: %w", err)
	}
	// Other processes may use the machine too. The CPU time says what it could do alone.
	canaries := fmt.Sprintf("%.0f; %.1f ms of CPU each, so %.0f on idle cores",
		simulated.metrics["canaries/s"], simulated.metrics["cpu-ms"], 1000*cores/simulated.metrics["cpu-ms"])
	slowest, start := partWithHighest(m.partsOf("ColdStart"), "median-ms")
	slowestFrontEnd, frontEndStart := partWithHighest(m.partsOf("ColdStartWithFrontEnds"), "median-ms")
	hungriest, memory := partWithHighest(m.partsOf("Memory"), "peak-MB")
	if slowest == "" || slowestFrontEnd == "" || hungriest == "" {
		return table{}, fmt.Errorf("the benchmarks of the bootstraps are missing")
	}
	starts := strconv.FormatFloat(start.metrics["starts"], 'f', 0, 64)
	return newTable("machine", []string{"what", "measured", "bound", "machine", "command"}, [][]string{
		{"whole canaries a second, simulated through the real SDK clients", canaries, "≥ 300", m.machineText(), benchCommand("internal/world", "Canaries")},
		{"start of a Lambda's process to its first `next`, the slowest (" + slowest + "): median of " + starts + ", and peak memory", fmt.Sprintf("%.1f ms, %.1f MB", start.metrics["median-ms"], start.metrics["peak-MB"]), "≤ 40 ms, ≤ 30 MB", m.machineText(), benchCommand("internal/localaws/stack", "'ColdStart$'")},
		{"the same with the settings of all front ends (" + slowestFrontEnd + ")", fmt.Sprintf("%.1f ms, %.1f MB", frontEndStart.metrics["median-ms"], frontEndStart.metrics["peak-MB"]), "≤ 40 ms, ≤ 30 MB", m.machineText(), benchCommand("internal/localaws/stack", "ColdStartWithFrontEnds")},
		{"peak memory of a Lambda after a canary and a rollback, the largest (" + hungriest + ")", fmt.Sprintf("%.1f MB", memory.metrics["peak-MB"]), "≤ 30 MB", m.machineText(), benchCommand("internal/e2e", "Memory")},
	}), nil
}

// machineText describes the machine.
func (m measurements) machineText() string {
	return fmt.Sprintf("%s cores, %s, %s/%s", m.benchmarks[0].cores, m.machine["cpu"], m.machine["goos"], m.machine["goarch"])
}

func benchCommand(folder, bench string) string {
	return "`go test ./" + folder + " -run '^$' -bench " + bench + "`"
}

// partWithHighest returns the part with the highest value of a metric.
func partWithHighest(parts map[string]benchmark, unit string) (name string, highest benchmark) {
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		if b := parts[part]; b.metrics[unit] > highest.metrics[unit] {
			name, highest = part, b
		}
	}
	return name, highest
}

// bootstrapTable shows the start time and the memory of each function, and the size of
// its binary.
func (m measurements) bootstrapTable() (table, error) {
	starts, memory := m.partsOf("ColdStart"), m.partsOf("Memory")
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(starts)) {
		info, err := os.Stat("dist/" + name + "/bootstrap")
		if err != nil {
			return table{}, fmt.Errorf("read a bootstrap's size: %w: run make build first", err)
		}
		peak := "-" // of a function that neither of the two needs
		if ran, does := memory[name]; does {
			peak = fmt.Sprintf("%.1f MB", ran.metrics["peak-MB"])
		}
		rows = append(rows, []string{
			"`" + name + "`", fmt.Sprintf("%.1f ms", starts[name].metrics["median-ms"]), fmt.Sprintf("%.1f MB", starts[name].metrics["peak-MB"]),
			peak, fmt.Sprintf("%.1f MB", float64(info.Size())/1e6),
		})
	}
	return newTable("bootstraps", []string{"function", "start, median", "peak memory by then", "peak after a canary and a rollback", "bootstrap (linux/arm64)"}, rows), nil
}
