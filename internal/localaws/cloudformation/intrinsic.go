package cloudformation

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// environment is what a template's intrinsic functions refer to.
type environment struct {
	template   *template
	pseudo     map[string]string // AWS::Region …, without AWS::NoValue
	parameters map[string]string
	conditions map[string]bool
	// ref and attribute return what a resource is by Ref and by Fn::GetAtt.
	ref       func(logical string) (any, error)
	attribute func(logical, name string) (any, error)
}

// noValue stands for AWS::NoValue: the member or the item that has it is left out.
type noValue struct{}

func templateError(format string, args ...any) error {
	return validationError("Template error: "+format, args...)
}

// function returns the name and the argument if a value is an intrinsic function: an object
// with one member whose name is Ref, Condition or begins with Fn::.
func function(value any) (name string, argument any, is bool) {
	o, isObject := value.(document)
	if !isObject || len(o) != 1 {
		return "", nil, false
	}
	for name, argument = range o {
	}
	return name, argument, name == "Ref" || strings.HasPrefix(name, "Fn::")
}

// resolve resolves the properties of a resource, as they are sent to its type.
func (e *environment) resolve(d definition) (document, error) {
	value, err := e.evaluate(orEmpty(d.properties))
	if err != nil {
		return nil, err
	}
	properties, isObject := value.(document)
	if !isObject {
		return nil, templateError("Properties must be a map")
	}
	if isCustom(d.kind) {
		return stringify(properties).(document), nil
	}
	return properties, nil
}

func orEmpty(o document) document {
	if o == nil {
		return document{}
	}
	return o
}

// evaluate resolves the intrinsic functions in a value.
func (e *environment) evaluate(value any) (any, error) {
	if name, argument, is := function(value); is {
		return e.call(name, argument)
	}
	switch v := value.(type) {
	case document:
		return e.evaluateObject(v)
	case []any:
		return e.evaluateList(v)
	}
	return value, nil
}

func (e *environment) evaluateObject(o document) (any, error) {
	out := document{}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		value, err := e.evaluate(o[key])
		if err != nil {
			return nil, err
		}
		if _, none := value.(noValue); !none {
			out[key] = value
		}
	}
	return out, nil
}

func (e *environment) evaluateList(list []any) (any, error) {
	out := []any{}
	for _, item := range list {
		value, err := e.evaluate(item)
		if err != nil {
			return nil, err
		}
		if _, none := value.(noValue); !none {
			out = append(out, value)
		}
	}
	return out, nil
}

// call evaluates an intrinsic function.
func (e *environment) call(name string, argument any) (any, error) {
	functions := map[string]func(any) (any, error){
		"Ref": e.callRef, "Fn::GetAtt": e.callGetAtt, "Fn::Sub": e.callSub, "Fn::If": e.callIf, "Fn::Join": e.callJoin,
		"Fn::Select": e.callSelect, "Fn::Split": e.callSplit, "Fn::FindInMap": e.callFindInMap, "Fn::Base64": e.callBase64,
	}
	run, known := functions[name]
	switch {
	case known:
		return run(argument)
	case slices.Contains(logicFunctions, name):
		return nil, templateError("%s is only allowed in the Conditions section and in Fn::If", name)
	}
	return nil, validationError("Template error: %s is not implemented in the local AWS", name)
}

func (e *environment) callRef(argument any) (any, error) {
	name, isString := argument.(string)
	if !isString {
		return nil, templateError("every Ref object must have a single String value.")
	}
	return e.lookUp(name)
}

// lookUp returns what Ref means for a name.
func (e *environment) lookUp(name string) (any, error) {
	if name == "AWS::NoValue" {
		return noValue{}, nil
	}
	if value, is := e.pseudo[name]; is {
		return value, nil
	}
	if declared, is := e.template.parameters[name]; is {
		if isListType(declared.Type) {
			return splitList(e.parameters[name]), nil
		}
		return e.parameters[name], nil
	}
	return e.ref(name)
}

func isListType(kind string) bool {
	return kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<")
}

func splitList(value string) []any {
	list := []any{}
	for item := range strings.SplitSeq(value, ",") {
		list = append(list, strings.TrimSpace(item))
	}
	return list
}

// parseGetAtt returns the resource and the attribute that an Fn::GetAtt names: a list of two,
// or one string with a dot.
func (e *environment) parseGetAtt(argument any) (logical, attribute string, err error) {
	switch v := argument.(type) {
	case string:
		logical, attribute, ok := strings.Cut(v, ".")
		if ok && attribute != "" {
			return logical, attribute, nil
		}
	case []any:
		if len(v) != 2 {
			break
		}
		logical, isString := v[0].(string)
		if name, err := e.evaluate(v[1]); err == nil && isString {
			if attribute, isString := name.(string); isString && attribute != "" {
				return logical, attribute, nil
			}
		}
	}
	return "", "", templateError("every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
}

func (e *environment) callGetAtt(argument any) (any, error) {
	logical, attribute, err := e.parseGetAtt(argument)
	if err != nil {
		return nil, err
	}
	return e.attribute(logical, attribute)
}

var placeholder = regexp.MustCompile(`\$\{([^!{}][^{}]*|![^{}]*)\}`)

// parseSub returns the text and the variables of an Fn::Sub.
func parseSub(argument any) (pattern string, variables document, err error) {
	switch v := argument.(type) {
	case string:
		return v, nil, nil
	case []any:
		if len(v) != 2 {
			break
		}
		pattern, isString := v[0].(string)
		variables, isMap := v[1].(document)
		if isString && isMap {
			return pattern, variables, nil
		}
	}
	return "", nil, templateError("One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string")
}

func (e *environment) callSub(argument any) (any, error) {
	pattern, variables, err := parseSub(argument)
	if err != nil {
		return nil, err
	}
	var failed error
	result := placeholder.ReplaceAllStringFunc(pattern, func(found string) string {
		name := strings.TrimSpace(found[2 : len(found)-1])
		if literal, is := strings.CutPrefix(name, "!"); is {
			return "${" + literal + "}"
		}
		value, err := e.substitute(name, variables)
		if err != nil {
			failed = err
		}
		return value
	})
	if failed != nil {
		return nil, failed
	}
	return result, nil
}

// substitute returns the text of a variable of Fn::Sub.
func (e *environment) substitute(name string, variables document) (string, error) {
	value, err := any(nil), error(nil)
	if variable, given := variables[name]; given {
		value, err = e.evaluate(variable)
	} else if logical, attribute, dotted := strings.Cut(name, "."); dotted {
		value, err = e.attribute(logical, attribute)
	} else {
		value, err = e.lookUp(name)
	}
	if err != nil {
		return "", err
	}
	return scalar("Fn::Sub", value)
}

// scalar returns a value as text, and fails if it is an object, a list, or none.
func scalar(function string, value any) (string, error) {
	switch value.(type) {
	case string, bool, json.Number:
		return text(value), nil
	}
	return "", templateError("%s must resolve to a string: %s", function, encode(value))
}

// arguments returns the items of an intrinsic function's list.
func arguments(name string, argument any, count int) ([]any, error) {
	list, isList := argument.([]any)
	if !isList || len(list) != count {
		return nil, templateError("%s requires a list argument with %d items", name, count)
	}
	return list, nil
}

func (e *environment) callIf(argument any) (any, error) {
	list, err := arguments("Fn::If", argument, 3)
	if err != nil {
		return nil, err
	}
	condition, isString := list[0].(string)
	if !isString {
		return nil, templateError("Fn::If requires a list argument with the first element being a condition")
	}
	value, known := e.conditions[condition]
	if !known {
		return nil, templateError("unresolved condition dependency %s in Fn::If block of template", condition)
	}
	if value {
		return e.evaluate(list[1])
	}
	return e.evaluate(list[2])
}

func (e *environment) callJoin(argument any) (any, error) {
	list, err := arguments("Fn::Join", argument, 2)
	if err != nil {
		return nil, err
	}
	delimiter, isString := list[0].(string)
	items, err := e.evaluate(list[1])
	if err != nil {
		return nil, err
	}
	values, isList := items.([]any)
	if !isString || !isList {
		return nil, templateError("every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.")
	}
	var parts []string
	for _, item := range values {
		part, err := scalar("Fn::Join", item)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, delimiter), nil
}

func (e *environment) callSelect(argument any) (any, error) {
	list, err := arguments("Fn::Select", argument, 2)
	if err != nil {
		return nil, err
	}
	given, err := e.evaluateList(list)
	if err != nil {
		return nil, err
	}
	evaluated, err := arguments("Fn::Select", given, 2)
	if err != nil {
		return nil, err
	}
	index, notNumber := strconv.Atoi(text(evaluated[0]))
	values, isList := evaluated[1].([]any)
	if notNumber != nil || !isList || index < 0 || index >= len(values) {
		return nil, templateError("Fn::Select cannot select nonexistent value at index %s", text(evaluated[0]))
	}
	return values[index], nil
}

func (e *environment) callSplit(argument any) (any, error) {
	list, err := arguments("Fn::Split", argument, 2)
	if err != nil {
		return nil, err
	}
	value, err := e.evaluate(list[1])
	if err != nil {
		return nil, err
	}
	source, isString := value.(string)
	delimiter, isDelimiter := list[0].(string)
	if !isString || !isDelimiter || delimiter == "" {
		return nil, templateError("every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.")
	}
	parts := []any{}
	for part := range strings.SplitSeq(source, delimiter) {
		parts = append(parts, part)
	}
	return parts, nil
}

func (e *environment) callFindInMap(argument any) (any, error) {
	list, err := arguments("Fn::FindInMap", argument, 3)
	if err != nil {
		return nil, err
	}
	value := any(e.template.mappings)
	for _, item := range list {
		key, err := e.evaluate(item)
		if err != nil {
			return nil, err
		}
		level, _ := value.(document)
		found, exists := level[text(key)]
		if !exists {
			return nil, templateError("Unable to get mapping for %s", text(list[0]))
		}
		value = found
	}
	return value, nil
}

func (e *environment) callBase64(argument any) (any, error) {
	value, err := e.evaluate(argument)
	if err != nil {
		return nil, err
	}
	plain, err := scalar("Fn::Base64", value)
	return base64.StdEncoding.EncodeToString([]byte(plain)), err
}

// logicFunctions are the functions of conditions.
var logicFunctions = []string{"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"}

// evaluateConditions evaluates the Conditions section.
func (e *environment) evaluateConditions() error {
	e.conditions = map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(e.template.conditions)) {
		if _, err := e.condition(name, nil); err != nil {
			return err
		}
	}
	return nil
}

// condition returns the value of a condition. within are the conditions that ask for it.
func (e *environment) condition(name string, within []string) (bool, error) {
	if value, known := e.conditions[name]; known {
		return value, nil
	}
	expression, exists := e.template.conditions[name]
	if !exists {
		return false, formatError("Unresolved condition dependency %s in the Conditions block of the template", name)
	}
	if slices.Contains(within, name) {
		return false, formatError("Circular dependency between conditions: %v", within)
	}
	value, err := e.logic(expression, append(slices.Clone(within), name))
	if err == nil {
		e.conditions[name] = value
	}
	return value, err
}

// logic evaluates an expression of a condition.
func (e *environment) logic(expression any, within []string) (bool, error) {
	o, isObject := expression.(document)
	if !isObject || len(o) != 1 {
		return false, formatError("Every Conditions member must contain a condition function: %s", encode(expression))
	}
	if name, isString := o["Condition"].(string); isString {
		return e.condition(name, within)
	}
	name, argument, _ := function(expression)
	list, isList := argument.([]any)
	if !isList {
		return false, templateError("every %s object requires a list", name)
	}
	return e.callLogic(name, list, within)
}

// callLogic evaluates a function of conditions.
func (e *environment) callLogic(name string, list []any, within []string) (bool, error) {
	switch {
	case name == "Fn::Equals" && len(list) == 2:
		return e.equals(list[0], list[1])
	case name == "Fn::Not" && len(list) == 1:
		value, err := e.logic(list[0], within)
		return !value, err
	case (name == "Fn::And" || name == "Fn::Or") && len(list) >= 2 && len(list) <= 10:
		return e.connect(name == "Fn::And", list, within)
	}
	return false, templateError("every %s object requires its number of conditions: %d given", name, len(list))
}

// equals compares two values. Neither may refer to a resource.
func (e *environment) equals(a, b any) (bool, error) {
	x, err := e.evaluate(a)
	if err != nil {
		return false, err
	}
	y, err := e.evaluate(b)
	return err == nil && text(x) == text(y), err
}

// connect evaluates Fn::And and Fn::Or. All operands are evaluated, so that a wrong one is
// found.
func (e *environment) connect(and bool, list []any, within []string) (bool, error) {
	result := and
	for _, operand := range list {
		value, err := e.logic(operand, within)
		if err != nil {
			return false, err
		}
		if value != and {
			result = value
		}
	}
	return result, nil
}

// references returns the resources and parameters that a value refers to, sorted. Of an Fn::If
// it follows both branches if taken is nil, otherwise the one that taken chooses.
func references(value any, taken map[string]bool) []string {
	found := map[string]bool{}
	collect(value, taken, found)
	return slices.Sorted(maps.Keys(found))
}

func collect(value any, taken map[string]bool, found map[string]bool) {
	if name, argument, is := function(value); is {
		switch name {
		case "Ref":
			found[text(argument)] = true
			return
		case "Fn::GetAtt":
			collectGetAtt(argument, taken, found)
			return
		case "Fn::Sub":
			collectSub(argument, taken, found)
			return
		case "Fn::If":
			value = branch(argument, taken)
		}
	}
	switch v := value.(type) {
	case document:
		for _, item := range v {
			collect(item, taken, found)
		}
	case []any:
		for _, item := range v {
			collect(item, taken, found)
		}
	}
}

func collectGetAtt(argument any, taken map[string]bool, found map[string]bool) {
	if list, isList := argument.([]any); isList && len(list) > 0 {
		found[text(list[0])] = true
		collect(list[1:], taken, found)
		return
	}
	logical, _, _ := strings.Cut(text(argument), ".")
	found[logical] = true
}

// branch returns the branch of an Fn::If that its condition chooses, in a list, so that it is
// not taken for the function itself. It returns both branches if taken is nil.
func branch(argument any, taken map[string]bool) any {
	list, _ := argument.([]any)
	if len(list) != 3 || taken == nil {
		return argument
	}
	if taken[text(list[0])] {
		return list[1:2]
	}
	return list[2:3]
}

func collectSub(argument any, taken map[string]bool, found map[string]bool) {
	pattern, variables, err := parseSub(argument)
	if err != nil {
		return
	}
	for _, match := range placeholder.FindAllStringSubmatch(pattern, -1) {
		name := strings.TrimSpace(match[1])
		if _, given := variables[name]; given || strings.HasPrefix(name, "!") {
			continue
		}
		logical, _, _ := strings.Cut(name, ".")
		found[logical] = true
	}
	for _, value := range variables {
		collect(value, taken, found)
	}
}

// isPseudo reports whether a name is a pseudo parameter.
func isPseudo(name string) bool { return strings.HasPrefix(name, "AWS::") }

// active returns the logical ids of the resources whose condition holds.
func (e *environment) active() ([]string, error) {
	var active []string
	for _, logical := range e.template.logicals() {
		holds, err := e.holds(e.template.resources[logical].condition)
		if err != nil {
			return nil, err
		}
		if holds {
			active = append(active, logical)
		}
	}
	return active, nil
}

// holds evaluates the condition of a resource or an output; an empty one holds.
func (e *environment) holds(condition string) (bool, error) {
	if condition == "" {
		return true, nil
	}
	value, known := e.conditions[condition]
	if !known {
		return false, formatError("Unresolved condition dependency %s in the Resources block of the template", condition)
	}
	return value, nil
}

// dependencies returns the active resources that a resource has to wait for: those that its
// properties refer to and those in DependsOn. A DependsOn of a resource whose condition does
// not hold is ignored.
func (e *environment) dependencies(logical string, active []string) []string {
	d := e.template.resources[logical]
	found := map[string]bool{}
	for _, name := range slices.Concat(references(d.properties, e.conditions), d.dependsOn) {
		if name != logical && slices.Contains(active, name) {
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// check finds the errors that CloudFormation reports for the whole template: references to
// what is not there, and circles.
func (e *environment) check() error {
	if err := e.evaluateConditions(); err != nil {
		return err
	}
	active, err := e.active()
	if err != nil {
		return err
	}
	unresolved := map[string]bool{}
	for _, logical := range e.template.logicals() {
		e.unresolved(logical, active, unresolved)
	}
	if len(unresolved) > 0 {
		return formatError("Unresolved resource dependencies [%s] in the Resources block of the template", strings.Join(slices.Sorted(maps.Keys(unresolved)), ", "))
	}
	for name, o := range e.template.outputs {
		if err := e.checkOutput(name, o, active); err != nil {
			return err
		}
	}
	return e.checkCircles()
}

func (e *environment) checkOutput(name string, o output, active []string) error {
	holds, err := e.holds(o.condition)
	if err != nil || !holds {
		return err
	}
	for _, reference := range references(o.value, e.conditions) {
		if !e.isKnown(reference, active) {
			return formatError("Unresolved resource dependencies [%s] in the Outputs block of the template (%s)", reference, name)
		}
	}
	return nil
}

// isKnown reports whether a name can be referred to.
func (e *environment) isKnown(name string, resources []string) bool {
	_, isParameter := e.template.parameters[name]
	return isParameter || isPseudo(name) || slices.Contains(resources, name)
}

// unresolved adds what a resource refers to and is not there. An active resource may refer
// only to active ones.
func (e *environment) unresolved(logical string, active []string, into map[string]bool) {
	d := e.template.resources[logical]
	if slices.Contains(active, logical) {
		for _, name := range references(d.properties, e.conditions) {
			if !e.isKnown(name, active) {
				into[name] = true
			}
		}
	}
	for _, name := range slices.Concat(references(d.properties, nil), d.dependsOn) {
		if !e.isKnown(name, e.template.logicals()) {
			into[name] = true
		}
	}
}

// checkCircles finds a circle of references. It looks at both branches of every Fn::If:
// whether CloudFormation looks only at those that are taken is not documented.
func (e *environment) checkCircles() error {
	const visiting, done = 1, 2
	state := map[string]int{}
	var path []string
	var visit func(string) error
	visit = func(logical string) error {
		switch state[logical] {
		case done:
			return nil
		case visiting:
			circle := slices.Sorted(slices.Values(path[slices.Index(path, logical):]))
			return validationError("Circular dependency between resources: [%s]", strings.Join(circle, ", "))
		}
		state[logical], path = visiting, append(path, logical)
		d := e.template.resources[logical]
		for _, name := range slices.Concat(references(d.properties, nil), d.dependsOn) {
			if _, isResource := e.template.resources[name]; isResource {
				if err := visit(name); err != nil {
					return err
				}
			}
		}
		state[logical], path = done, path[:len(path)-1]
		return nil
	}
	for _, logical := range e.template.logicals() {
		if err := visit(logical); err != nil {
			return err
		}
	}
	return nil
}

// resolveParameters returns the values of a template's parameters: those given, and the
// defaults.
func (t *template) resolveParameters(given map[string]string) (map[string]string, error) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, declared := t.parameters[name]; !declared {
			return nil, validationError("Parameters: [%s] do not exist in the template", name)
		}
	}
	values, missing := map[string]string{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(t.parameters)) {
		p := t.parameters[name]
		value, has := given[name]
		if !has && p.Default != nil {
			value, has = text(p.Default), true
		}
		if !has {
			missing = append(missing, name)
		}
		if has && !p.allows(value) {
			return nil, validationError("Parameter '%s' must be one of AllowedValues", name)
		}
		values[name] = value
	}
	if len(missing) > 0 {
		return nil, validationError("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	return values, nil
}

// allows reports whether AllowedValues has a value, or each value of a list (AWS What's New,
// December 2022, validation checks on the CommaDelimitedList parameter).
func (p parameter) allows(value string) bool {
	values := []string{value}
	if isListType(p.Type) {
		values = strings.Split(value, ",")
	}
	return len(p.AllowedValues) == 0 || !slices.ContainsFunc(values, func(one string) bool {
		return !slices.ContainsFunc(p.AllowedValues, func(a any) bool { return text(a) == one })
	})
}

func undefinedReference(kind, logical string) error {
	return templateError("instance of %s references undefined resource %s", kind, logical)
}

func missingAttribute(logical, name, kind string) error {
	return fmt.Errorf("%s: Attribute '%s' does not exist of type %s", logical, name, kind)
}
