package dynamodb

import "strings"

// expressions are a request's expressions, parsed and bound to its
// placeholders.
type expressions struct {
	binding    binding
	condition  condition // always, if the request has none
	filter     condition // always, if the request has none
	filtered   []path    // what the filter looks at
	keys       condition // the key condition, or always
	update     *update   // nil if the request has none
	targets    []path    // what the update writes
	projection []path    // nil if the request has none
	used       []placeholders
}

// bindExpressions parses the expressions of a request and checks all that can
// be checked without a table.
func bindExpressions(q *request) (*expressions, error) {
	e := &expressions{binding: binding{q.names, q.values}}
	if err := e.binding.checkShape(); err != nil {
		return nil, err
	}
	if err := q.checkPlaceholdersNeeded(); err != nil {
		return nil, err
	}
	for _, bind := range []func(*request) error{e.bindUpdate, e.bindConditions, e.bindProjection} {
		if err := bind(q); err != nil {
			return nil, err
		}
	}
	return e, e.binding.checkUsed(e.used)
}

// checkPlaceholdersNeeded refuses placeholders without an expression that
// could use them.
func (q *request) checkPlaceholdersNeeded() error {
	withValues := q.conditionExpression != nil || q.updateExpression != nil ||
		q.keyConditionExpression != nil || q.filterExpression != nil
	switch {
	case q.names != nil && !withValues && q.projectionExpression == nil:
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	case q.values != nil && !withValues:
		return invalid("ExpressionAttributeValues can only be specified when using expressions")
	default:
		return nil
	}
}

// in puts the name of the expression in front of what is wrong with it.
func in(parameter string, err error) error {
	if err == nil {
		return nil
	}
	return invalid("Invalid %s: %s", parameter, strings.TrimSpace(err.Error()))
}

func (e *expressions) bindUpdate(q *request) error {
	if q.updateExpression == nil {
		return nil
	}
	u, err := updates.get(*q.updateExpression)
	if err != nil {
		return in("UpdateExpression", err)
	}
	e.update, e.used = u, append(e.used, u.placeholders)
	e.targets, err = u.bind(&e.binding)
	return in("UpdateExpression", err)
}

func (e *expressions) bindConditions(q *request) error {
	condition, err := e.bindCondition("ConditionExpression", q.conditionExpression)
	if err != nil {
		return err
	}
	keys, err := e.bindCondition("KeyConditionExpression", q.keyConditionExpression)
	if err != nil {
		return err
	}
	filter, err := e.bindCondition("FilterExpression", q.filterExpression)
	if err != nil {
		return err
	}
	e.condition, e.keys, e.filter = condition.condition, keys.condition, filter.condition
	for _, p := range filter.paths {
		e.filtered = append(e.filtered, p.resolve(&e.binding))
	}
	return nil
}

func (e *expressions) bindCondition(parameter string, source *string) (parsedCondition, error) {
	if source == nil {
		return parsedCondition{condition: always{}}, nil
	}
	c, err := conditions.get(*source)
	if err != nil {
		return parsedCondition{}, in(parameter, err)
	}
	e.used = append(e.used, c.placeholders)
	return c, in(parameter, c.check(&e.binding))
}

func (e *expressions) bindProjection(q *request) error {
	if q.projectionExpression == nil {
		return nil
	}
	p, err := projections.get(*q.projectionExpression)
	if err != nil {
		return in("ProjectionExpression", err)
	}
	e.used = append(e.used, p.placeholders)
	e.projection, err = p.bind(&e.binding)
	return in("ProjectionExpression", err)
}

// holds evaluates the request's condition for an item, or for nil.
func (e *expressions) holds(it Item) bool { return e.condition.holds(&e.binding, it) }

// project returns the parts of the item that the request wants.
func (e *expressions) project(it Item) Item {
	if e.projection == nil {
		return it
	}
	return pick(it, e.projection)
}
