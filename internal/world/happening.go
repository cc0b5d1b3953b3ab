package world

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// happen carries out a Happening. It is not a problem if the state of the world makes it
// pointless, such as stopping an execution that has ended. It is a problem if it can never be
// done.
func (w *World) happen(h Happening) {
	if err := w.attempt(h); err != nil {
		w.problem = fmt.Errorf("the scenario's %s: %w", h, err)
	}
}

func (w *World) attempt(h Happening) error {
	switch h.Do {
	case stopExecution:
		return w.stop()
	case redriveExecution:
		return w.redrive()
	case startExecution:
		_, err := w.Start(fmt.Sprintf("another-%d", len(w.executed)), h.Input)
		return err
	case SetAlarmState:
		return w.SetAlarm(h.Alarm, h.State, "it was set by hand")
	case setEvaluation:
		there, name := w.cloudWatchOf(h.Alarm)
		return there.SetEvaluationState(name, strings.TrimPrefix(h.State, localaws.AlarmOK))
	case deleteAlarm:
		there, name := w.cloudWatchOf(h.Alarm)
		return there.DeleteAlarm(name)
	case updateCode:
		return w.updateCode(h.Function)
	case setTags:
		return w.cloud.SetTags(h.Function, h.Tags)
	case updateAlias, deleteAliasDo:
		return w.edit(h)
	}
	if w.order(h) {
		return nil
	}
	return w.editFrontEnd(h)
}

// order gives an order as a person. It returns false if the Happening is none.
func (w *World) order(h Happening) bool {
	switch {
	case h.Do == freezeDo || h.Do == unfreezeDo:
		w.Freeze(h.For, h.Reason)
	case slices.Contains(shift.Orders(), shift.Order(h.Do)):
		w.Command(h.Target, shift.Order(h.Do), h.Reason)
	default:
		return false
	}
	return true
}

func (w *World) stop() error {
	if len(w.executed) == 0 {
		return errors.New("no execution has been started")
	}
	_ = w.machine.Stop(w.executed[0].ARN(), "", "") // it may already have ended
	return nil
}

func (w *World) redrive() error {
	if len(w.executed) == 0 {
		return errors.New("no execution has been started")
	}
	return w.machine.Redrive(w.executed[0].ARN())
}

// updateCode gives a function new code, unless an update of it is in progress.
func (w *World) updateCode(function string) error {
	err := w.cloud.StartCodeUpdate(function, fmt.Sprintf("%s@%s", function, w.clock.now))
	var refused *localaws.APIError
	if errors.As(err, &refused) && refused.StatusCode == http.StatusConflict {
		return nil
	}
	return err
}

// edit changes an alias as somebody other than Sluice.
func (w *World) edit(h Happening) error {
	function, name, err := flow.SplitLambdaTarget(h.Target)
	if err != nil {
		return err
	}
	if h.Do == deleteAliasDo {
		w.cloud.DeleteAlias(function, name)
		return nil
	}
	alias, exists := w.cloud.Alias(function, name)
	if !exists {
		alias = localaws.Alias{Function: function, Name: name}
	}
	if h.Version != "" {
		alias.FunctionVersion = h.Version
	}
	alias.RevisionID, alias.Weights = "", nil
	if h.Additional != "" {
		alias.Weights = map[string]float64{h.Additional: float64(h.Percent) / float64(shift.All)}
	}
	if !exists {
		_, err = w.cloud.CreateAlias(alias)
		return err
	}
	_, err = w.cloud.UpdateAlias(alias)
	return err
}
