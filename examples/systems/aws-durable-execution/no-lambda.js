/** In place of `@aws-sdk/client-lambda`, which the SDK loads where it is given no client of its own: here it is given one. */
export class LambdaClient {
  constructor() {
    throw new Error('this worker calls no AWS service')
  }
}
export const GetDurableExecutionStateCommand = LambdaClient
export const CheckpointDurableExecutionCommand = LambdaClient
