// Command rollback is the Lambda behind the state Rollback.
package main

import (
	"sluice/internal/announce/emf"
	"sluice/internal/announce/eventbridge"
	"sluice/internal/boot"
	"sluice/internal/flow"
	"sluice/internal/ledger/dynamo"
	"sluice/internal/router/lambdaalias"
	"sluice/internal/task"
)

func main() {
	boot.Start(flow.Rollback, func(s boot.Settings) flow.Handler[flow.Document, flow.Undoing] {
		return task.Rollback{
			Ledger:    dynamo.FromConfig(s.AWS, s.Table),
			Router:    lambdaalias.FromConfig(s.AWS),
			Announcer: emf.Counted(eventbridge.FromConfig(s.AWS, s.EventBus), s.Metrics),
		}.Handle
	})
}
