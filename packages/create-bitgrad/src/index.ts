export { createProject, type CreateOptions, type Created } from './create-project.js';
export { templates, type Template, type TemplateName } from './templates.js';
