package dynamodb

import "sync"

// maxRemembered bounds a memo, in expressions.
const maxRemembered = 4096

// memo remembers parsed expressions, which depend on their text alone and
// never change: programs send the same few over and over. It is shared by all
// databases, so that a fresh one need not parse again.
type memo[T any] struct {
	parse func(string) (T, error)

	mu     sync.RWMutex
	parsed map[string]T
}

var (
	conditions  = memo[parsedCondition]{parse: parseCondition}
	updates     = memo[*update]{parse: parseUpdate}
	projections = memo[*projection]{parse: parseProjection}
)

// get returns the parsed expression. Errors are not remembered.
func (m *memo[T]) get(expression string) (T, error) {
	m.mu.RLock()
	known, ok := m.parsed[expression]
	m.mu.RUnlock()
	if ok {
		return known, nil
	}
	fresh, err := m.parse(expression)
	if err != nil {
		return fresh, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.parsed == nil || len(m.parsed) >= maxRemembered {
		m.parsed = map[string]T{}
	}
	m.parsed[expression] = fresh
	return fresh, nil
}
