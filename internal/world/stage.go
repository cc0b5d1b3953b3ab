package world

// stages are goroutines that wait for another actor. An SDK client's call is deep:
// on a goroutine of its own every actor would grow its stack anew.
var stages = make(chan chan<- func(), 64)

// onStage runs an actor on a goroutine that nobody uses.
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

// perform runs one actor after the other until enough others wait. An actor that is
// killed takes its goroutine with it.
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
