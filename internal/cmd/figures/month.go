package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/forecast"
	"github.com/sluice-aws/sluice/internal/picture"
	"github.com/sluice-aws/sluice/internal/world"
)

// A month of 30 days, in which a team deploys its functions one by one.
const (
	monthMinutes = 30 * 24 * 60
	monthHours   = 30 * 24

	teamStrategy   = "Canary10Percent10Minutes"
	teamPromoted   = 90
	teamRolledBack = 10
)

// What the stack consists of, without settings. A test compares it with the stack's template.
const (
	stackAlarms     = 6
	stackDashboards = 1
	sweepMegabytes  = 512
)

// metricHours is in how many hours a deployment of one target counts its custom metrics, at most:
// a shift of minutes touches two hours for the weight, and one for the outcome.
const metricHours = 2 + 1

// expense is a row of the table: so many of something, each at a price.
type expense struct {
	what   string
	number int
	price  forecast.Cost
}

func (e expense) total() forecast.Cost { return forecast.Cost(e.number) * e.price }

func (e expense) cells() []string {
	return []string{e.what, picture.GroupDigits(e.number), e.price.String(), e.total().String()}
}

// monthTable shows what a month costs: the stack by itself, and a team's deployments.
func monthTable() (table, error) {
	idle, err := idleExpenses()
	if err != nil {
		return table{}, err
	}
	busy, err := teamExpenses()
	if err != nil {
		return table{}, err
	}
	rows, alone := expenseRows(idle)
	rows = append(rows, []string{"**the stack, without a deployment**", "", "", "**" + alone.String() + "**"})
	more, deployed := expenseRows(busy)
	rows = append(rows, more...)
	rows = append(rows, []string{"**a month**", "", "", "**" + (alone + deployed).String() + "**"})
	return newTable("month", []string{"what", "number", "each", "a month"}, rows), nil
}

func expenseRows(expenses []expense) (rows [][]string, sum forecast.Cost) {
	for _, e := range expenses {
		rows, sum = append(rows, e.cells()), sum+e.total()
	}
	return rows, sum
}

// idleExpenses are those of a stack that deploys nothing.
func idleExpenses() ([]expense, error) {
	reads, err := sweepReads()
	if err != nil {
		return nil, err
	}
	return []expense{
		{"alarms", stackAlarms, forecast.PriceOfAlarmMonth},
		{"dashboard", stackDashboards, forecast.PriceOfDashboardMonth},
		{"sweeps: invocations of 512 MB", monthMinutes, forecast.PriceOfInvocation(sweepMegabytes)},
		{"sweeps: reads of the ledger", monthMinutes * reads, forecast.PriceOfTableRead},
		{"sweeps: traces", monthMinutes, forecast.PriceOfTrace},
	}, nil
}

// teamExpenses are those of the deployments of a month.
func teamExpenses() ([]expense, error) {
	healthy, err := playHealthy(teamStrategy)
	if err != nil {
		return nil, err
	}
	undone, err := playRollback(teamStrategy)
	if err != nil {
		return nil, err
	}
	return []expense{
		{"`" + teamStrategy + "`, promoted", teamPromoted, healthy.cost},
		{"… rolled back", teamRolledBack, undone.cost},
		{"their custom metrics, in hours", (teamPromoted + teamRolledBack) * metricHours, forecast.PriceOfMetricMonth / monthHours},
	}, nil
}

// sweepReads returns how often a sweep that finds nothing reads the ledger. Each of its reads fits
// into one unit.
func sweepReads() (int, error) {
	w, err := world.New(world.DefaultScenario(), json.RawMessage(`{"function": "orders"}`))
	if err != nil {
		return 0, err
	}
	defer w.Close()
	reads := 0
	w.OnMoment(func(m world.Moment) error {
		switch {
		case !m.After || m.Actor != flow.SafetyNet:
			return nil
		case m.Action == "states:ListExecutions": // Step Functions charges for transitions alone
			return nil
		case !strings.HasPrefix(m.Action, "dynamodb:"):
			return fmt.Errorf("a sweep that finds nothing calls %s, which has no price here", m.Action)
		}
		reads++
		return nil
	})
	w.Sweep()
	if err := w.Advance(time.Minute); err != nil {
		return 0, err
	}
	if reads == 0 {
		return 0, errors.New("a sweep reads nothing")
	}
	return reads, nil
}
