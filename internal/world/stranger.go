package world

import (
	"errors"
	"slices"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// editFrontEnd changes a front end as somebody other than Sluice.
func (w *World) editFrontEnd(h Happening) error {
	switch h.Do {
	case putKey:
		return w.putKey(h)
	case changeRecords:
		if h.Version != "" {
			return w.leadTo(h.Target, shift.Version(h.Version))
		}
		return w.weigh(h.Target, h.Percent)
	case deleteGuard:
		return w.deleteGuard(h.Target)
	case takeName:
		return w.takeName(h.Target, h.Version)
	case updateDistribution:
		return w.cloud.EditDistribution(w.fronts.pairs[h.Target].Switch, func(d *localaws.CloudFrontDistribution) {
			d.Comment = "changed at " + w.clock.now.String()
		})
	}
	return errors.New("unknown action")
}

// putKey writes the key of a site: a value as it is given, or one that sends all viewers to a
// release.
func (w *World) putKey(h Happening) error {
	distribution, err := flow.SplitCloudFrontTarget(h.Target)
	if err != nil {
		return err
	}
	if h.Version != "" {
		h.Value = w.newSiteValue(Division{Serving: h.Version})
	}
	return w.cloud.PutKeyValue(w.fronts.store, distribution, h.Value)
}

// leadTo replaces the records of a name by simple ones, and leaves the guard as it is.
func (w *World) leadTo(t shift.Target, to shift.Version) error {
	zone, name, err := flow.SplitRoute53Target(t)
	if err != nil {
		return err
	}
	endpoint, err := flow.ParseEndpoint(to)
	if err != nil {
		return err
	}
	return w.cloud.ReplaceRecords(zone, w.recordsOf(t), recordsTo(name, endpoint, defaultTTL))
}

// weigh changes the share of the version that does not serve everything at other times, and
// leaves the guard as it is. It does nothing while the name has no pair of records.
func (w *World) weigh(t shift.Target, percent shift.Weight) error {
	zone, name, err := flow.SplitRoute53Target(t)
	if err != nil {
		return err
	}
	before, err := flow.ParseEndpoint(shift.Version(w.routes.whole(t)))
	if err != nil {
		return nil // somebody has left something that is no endpoint
	}
	var changed []localaws.Record
	for _, r := range w.recordsOf(t) {
		if r.Weight == nil {
			return nil
		}
		weight := percent
		for _, of := range recordsTo(name, before, defaultTTL) {
			if of.Type == r.Type && slices.EqualFunc(of.Answer(), r.Answer(), isSameName) {
				weight = shift.All - percent
			}
		}
		changed = append(changed, r.Weighted(r.SetIdentifier, int64(weight)*weightParts/int64(shift.All)))
	}
	return w.cloud.PutRecords(zone, changed...)
}

// weightParts is the sum of two weights that a person would choose.
const weightParts = 100

// deleteGuard deletes the record beside a name that shows whether somebody has changed it.
func (w *World) deleteGuard(t shift.Target) error {
	zone, name, err := flow.SplitRoute53Target(t)
	if err != nil {
		return err
	}
	guards := slices.DeleteFunc(w.cloud.ZoneRecords(zone), func(r localaws.Record) bool { return plainName(r.Name) != flow.GuardLabel+name })
	if len(guards) == 0 {
		return nil
	}
	return w.cloud.DeleteRecords(zone, guards...)
}

// takeName gives a switched name to a distribution, which is created if there is none.
func (w *World) takeName(t shift.Target, to string) error {
	name, err := flow.SplitSwitchTarget(t)
	if err != nil {
		return err
	}
	isName := func(other string) bool { return strings.EqualFold(other, name) }
	for _, id := range []string{w.fronts.pairs[t].Switch, w.fronts.pairs[t].Other} {
		if err := w.cloud.EditDistribution(id, func(d *localaws.CloudFrontDistribution) { d.Names = slices.DeleteFunc(d.Names, isName) }); err != nil {
			return err
		}
	}
	if !w.cloud.HasDistribution(to) {
		err := w.cloud.AddDistribution(localaws.CloudFrontDistribution{ID: to, Comment: "of somebody else", Certificate: certificate})
		if err != nil {
			return err
		}
	}
	return w.cloud.EditDistribution(to, func(d *localaws.CloudFrontDistribution) { d.Names = append(d.Names, name) })
}
