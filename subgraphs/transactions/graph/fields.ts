import { Field } from "type-graphql";
import { DurationMetric, Metric, MoneyMetric } from "../../host/metric-types.js";

/** A field that answers an amount; the description states formula, unit and source. */
export function Amount(description: string): MethodDecorator {
  return Field(() => MoneyMetric, { description }) as MethodDecorator;
}

/** A field that answers a number. */
export function Figure(description: string): MethodDecorator {
  return Field(() => Metric, { description }) as MethodDecorator;
}

/** A field that answers a duration. */
export function Duration(description: string): MethodDecorator {
  return Field(() => DurationMetric, { description }) as MethodDecorator;
}
