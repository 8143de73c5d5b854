import { library } from '@bitgrad/tooling/tsup';

export default library();
