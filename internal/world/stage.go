package world

// stages are idle goroutines that wait for another actor. They are reused because an SDK
// client's call is deep, and on a new goroutine every actor would have to grow its stack.
var stages = make(chan chan<- func(), 64)

// onStage runs an actor on an idle goroutine.
func onStage(act func()) {
	select {
	case stage := <-stages:
		stage <- act
	default:
		stage := make(chan func(), 1)
		stage <- act
		go perform(stage)
	}
}

// perform runs one actor after the other until enough goroutines are idle. A killed actor
// ends its goroutine.
func perform(stage chan func()) {
	for act := range stage {
		act()
		select {
		case stages <- stage:
		default:
			return
		}
	}
}
