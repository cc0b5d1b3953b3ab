package dynamodb

import "strings"

// expressions are a request's expressions, parsed and bound to their placeholders.
type expressions struct {
	binding     binding
	condition   condition // the type always if the request has none
	filter      condition // the type always if the request has none
	filterPaths []path    // the paths in the filter
	keys        condition // the key condition; the type always if the request has none
	update      *update   // nil if the request has none
	targets     []path    // the paths that the update writes
	projection  []path    // nil if the request has none
	used        []placeholders
}

// bindExpressions parses the expressions of a request and makes all checks that do not
// need a table.
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

// checkPlaceholdersNeeded returns an error for placeholders without an expression that
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

// wrapFlaw adds the name of the expression's parameter to an error of the expression.
func wrapFlaw(parameter string, err error) error {
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
		return wrapFlaw("UpdateExpression", err)
	}
	e.update, e.used = u, append(e.used, u.placeholders)
	e.targets, err = u.bind(&e.binding)
	return wrapFlaw("UpdateExpression", err)
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
		e.filterPaths = append(e.filterPaths, p.resolve(&e.binding))
	}
	return nil
}

func (e *expressions) bindCondition(parameter string, source *string) (parsedCondition, error) {
	if source == nil {
		return parsedCondition{condition: always{}}, nil
	}
	c, err := conditions.get(*source)
	if err != nil {
		return parsedCondition{}, wrapFlaw(parameter, err)
	}
	e.used = append(e.used, c.placeholders)
	return c, wrapFlaw(parameter, c.check(&e.binding))
}

func (e *expressions) bindProjection(q *request) error {
	if q.projectionExpression == nil {
		return nil
	}
	p, err := projections.get(*q.projectionExpression)
	if err != nil {
		return wrapFlaw("ProjectionExpression", err)
	}
	e.used = append(e.used, p.placeholders)
	e.projection, err = p.bind(&e.binding)
	return wrapFlaw("ProjectionExpression", err)
}

// holds evaluates the request's condition for an item, which may be nil.
func (e *expressions) holds(it Item) bool { return e.condition.holds(&e.binding, it) }

// project returns the parts of the item that the request's projection selects.
func (e *expressions) project(it Item) Item {
	if e.projection == nil {
		return it
	}
	return pick(it, e.projection)
}
