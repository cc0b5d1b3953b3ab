package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/trial"
)

// judgedTables returns the tables of a trial: how deployments are judged, by Sluice and by
// models of other methods. Without a file, it is the one that is kept in package trial.
func judgedTables(file string) ([]table, error) {
	read := trial.Recorded
	if file != "" {
		read = func() ([]trial.Result, error) { return trial.Read(file) }
	}
	results, err := read()
	if err != nil {
		return nil, err
	}
	t := trial.NewTrial(results)
	if t.IsEmpty() {
		return nil, errors.New("the trial is empty: make judge-night plays one")
	}
	return []table{judgedTable(t), foundTable(t), stressedTable(t), unsureTable(t), boundsTable(t)}, nil
}

// judgedTable compares the methods.
func judgedTable(t trial.Trial) table {
	healthy, regressed := t.Cells(trial.Healthy, ""), t.Cells(trial.Regressed, "")
	var rows [][]string
	for _, m := range trial.Methods {
		back := "–"
		if t.Tally(healthy[0], m).Runs > 0 {
			mean, worst, _ := t.Undone(healthy, m)
			back = percents(mean, worst)
		}
		all, canary := t.Found(regressed, m)
		usable := t.Usable(regressed, m)
		whereUsable := "–"
		if len(usable) > 0 {
			whereUsable = fmt.Sprintf("%.2f in %d", t.TimesBad(usable, m), len(usable))
		}
		rows = append(rows, []string{nameOf(m), back, percents(all, canary), fmt.Sprintf("%.2f", t.TimesBad(regressed, m)), whereUsable})
	}
	head := []string{
		fmt.Sprintf("%d kinds of healthy deployments, %s of each; %d regressions, %s of each", len(healthy), shift.Thousands(int64(t.Runs(healthy[0]))), len(regressed), shift.Thousands(int64(t.Runs(regressed[0])))),
		"healthy ones put back, mean / worst kind", "regressions found, at all / in the canary", "failed requests, Sluice = 1",
		"the same where < 1% of healthy ones are put back",
	}
	return newTable("judged", head, rows)
}

// nameOf says of a method that is no part of Sluice that it is a model.
func nameOf(m trial.Method) string {
	if m == trial.Sluice || m == trial.Impatient {
		return string(m)
	}
	return string(m) + " (model)"
}

// percents shows two shares.
func percents(a, b float64) string {
	return trial.Percent(rounded(a)) + " / " + trial.Percent(rounded(b))
}

// rounded keeps two significant digits, which is more than is known.
func rounded(share float64) float64 {
	if share == 0 {
		return 0
	}
	digits := math.Pow(10, 1-math.Floor(math.Log10(share)))
	if share > 0.1 {
		digits = 100
	}
	return math.Round(share*digits) / digits
}

// looked are the methods whose regressions are shown one by one.
var looked = []trial.Method{trial.Sluice, trial.Impatient, trial.AliasRate, trial.AliasError}

// foundTable shows regressions one by one: at 10 %, where one in a thousand requests fails.
func foundTable(t trial.Trial) table {
	var rows [][]string
	for _, c := range t.Cells(trial.Regressed, "") {
		if c.Weight != 1000 || c.Base != 0.001 {
			continue
		}
		row := []string{fmt.Sprintf("%s a minute, %s", shift.Thousands(c.Rate), c.Of)}
		for _, m := range looked {
			tally, at := t.Tally(c, m), "–"
			if median, ok := tally.Median(); ok {
				at = strconv.Itoa(median)
			}
			row = append(row, fmt.Sprintf("%s / %s / %s", trial.Percent(rounded(tally.CanaryShare())), at, shift.Thousands(int64(math.Round(t.Bad(c, m))))))
		}
		rows = append(rows, row)
	}
	head := []string{"found in the canary / median minute / failed requests"}
	for _, m := range looked {
		head = append(head, nameOf(m))
	}
	return newTable("judged-regressions", head, rows)
}

// stressedModels are shown beside Sluice where the traffic is hard to judge.
var stressedModels = []trial.Method{trial.AliasRate, trial.AliasError, trial.FisherPeeking}

// stressedTable shows healthy deployments whose traffic is hard to judge.
func stressedTable(t trial.Trial) table {
	var rows [][]string
	var names []string
	cells := map[string][]trial.Cell{}
	for _, c := range t.Cells(trial.Stressed, "") {
		if cells[c.Of] == nil {
			names = append(names, c.Of)
		}
		cells[c.Of] = append(cells[c.Of], c)
	}
	for _, name := range names {
		mean, worst, at := t.Undone(cells[name], trial.Sluice)
		row := []string{name, trial.Percent(cells[name][0].Base), percents(mean, worst), "–"}
		if worst > 0 {
			row[3] = fmt.Sprintf("%s a minute at %s", shift.Thousands(at.Rate), at.Weight)
		}
		for _, m := range stressedModels {
			mean, worst, _ := t.Undone(cells[name], m)
			row = append(row, percents(mean, worst))
		}
		rows = append(rows, row)
	}
	kinds := t.Cells(trial.Stressed, "")
	head := []string{
		fmt.Sprintf("both versions are alike (%d kinds, %s deployments of each), and", len(kinds), shift.Thousands(int64(t.Runs(kinds[0])))),
		"share that fails otherwise", "put back by Sluice, mean / worst kind", "worst at",
	}
	for _, m := range stressedModels {
		head = append(head, nameOf(m))
	}
	return newTable("judged-stress", head, rows)
}

// unsureTable shows how often it cannot be told after ten minutes.
func unsureTable(t trial.Trial) table {
	var rows [][]string
	head := []string{"one in a thousand fails; requests a minute"}
	rowOf := map[int64]int{}
	for _, c := range t.Cells(trial.Healthy, "") {
		if c.Base != 0.001 {
			continue
		}
		i, known := rowOf[c.Rate]
		if !known {
			i, rowOf[c.Rate] = len(rows), len(rows)
			rows = append(rows, []string{shift.Thousands(c.Rate)})
		}
		if i == 0 {
			head = append(head, "at "+c.Weight.String())
		}
		rows[i] = append(rows[i], trial.Percent(rounded(t.Tally(c, trial.Sluice).UnsureShare())))
	}
	return newTable("judged-unsure", head, rows)
}

// boundsTable shows what the comparison is to reach.
func boundsTable(t trial.Trial) table {
	var rows [][]string
	for _, b := range t.Bounds() {
		holds := "yes"
		if !b.Holds {
			holds = "**no**"
		}
		rows = append(rows, []string{b.What, b.Bound, b.Measured, holds})
	}
	return newTable("judged-bounds", []string{"what", "bound", "measured", "holds"}, rows)
}
